import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { CLI, RECORDINGS, ROOT } from './mm-model.ts'

it('a reader that goes away ends the output without a word', async () => {
  const args = ['run', `${RECORDINGS}/scenarios/01-hole-write.scn`, '--json']
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  expect([status, stderr]).toEqual([0, ''])
})
