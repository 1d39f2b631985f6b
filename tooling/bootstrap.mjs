// Makes a fresh clone usable with nothing but Node and npm: installs the workspace when it is not installed, or when
// pnpm-lock.yaml changed since. Runs before `npm test` and `npm start`; without anything to do it costs milliseconds
// and needs no network. Must not import anything that an install brings.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const stamp = join(root, 'node_modules', '.mm-model-installed')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'pnpm-lock.yaml')))
  .update(process.version)
  .digest('hex')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const local = join(root, 'node_modules', '.bin', 'pnpm')
  // npx asks the registry even for a version it has cached, so a pnpm that is there goes first.
  const [command, ...prefix] = existsSync(local) ? [local] : ['npx', '--yes', packageManager]
  const args = [...prefix, 'install', '--frozen-lockfile', '--reporter=append-only']
  // With CI set pnpm never asks whether it may take over a node_modules that npm made.
  const env = { ...process.env, CI: 'true', DO_NOT_TRACK: '1' }
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' })
  if (error) console.error(`bootstrap: cannot run ${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(stamp, wanted)
}
