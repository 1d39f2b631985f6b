// `npm start`: one store under every strategy, then the model against the recorded kernels.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const cli = 'apps/cli/dist/cli.js'
const recordings = 'fixtures/kernel-observations'

if (!existsSync(resolve(root, cli))) {
  console.error(`start: ${cli} is not built; run \`npm start\`, or \`npm run build\` first`)
  process.exit(2)
}

/** Runs the built command line with its output passed straight through, and returns its exit status. */
function run(...args) {
  console.log(`$ mm-model ${args.join(' ')}`)
  const { status, signal, error } = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (error) console.error(`start: cannot run ${cli}: ${error.message}`)
  if (signal) console.error(`start: mm-model ${args[0]} was ended by ${signal}`)
  console.log()
  return status ?? 2
}

const compared = run('compare', 'examples/first-write.scn')
if (compared !== 0) process.exit(compared)

// Status 1 means that the model and a recording differ: a finding to read, not a failure to start. Anything above
// means that nothing could be compared.
const verified = run('verify', `${recordings}/linux-6.1-ext4`, '--scenarios', `${recordings}/scenarios`)
if (verified > 1) process.exit(verified)

console.log('The documentation, with a decoder for page-table entries in the browser: npm run docs')
