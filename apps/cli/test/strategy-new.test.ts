import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderWith, mmModelLater } from './mm-model.ts'

// What it makes is tested where it is made, in apps/create-strategy.

it('mm-model strategy new makes a package that `run` takes, once', async () => {
  const scenario = 'create a 16k\nmmap m a 0 16k rw shared\nstore m 0 1\n'
  const folder = folderWith({ 'one.scn': scenario, 'full/file': '' })
  const run = (...args: readonly string[]) => mmModelLater(args, 600_000, folder)
  const made = await run('strategy', 'new', 'mine', '--name', '@me/strategy-eager')
  expect(made).toMatchObject({ status: 0, stderr: '' })
  expect(made.stdout).toMatch(/^@me\/strategy-eager in mine\n(.*\n)+Now\n {2}cd mine\n {2}npm test\n$/)
  expect(JSON.parse(readFileSync(join(folder, 'mine/package.json'), 'utf8')).name).toBe('@me/strategy-eager')
  const { status, stdout } = await run('run', 'one.scn', '--strategy', './mine', '--json')
  expect([status, JSON.parse(stdout).strategy]).toEqual([0, 'eager'])
  const remedy = 'is not empty; give a folder that is empty or not there'
  const refused = { status: 2, stdout: '', stderr: `mm-model: full: ${remedy}\n` }
  expect(await run('strategy', 'new', 'full')).toEqual(refused)
})
