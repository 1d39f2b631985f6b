import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderWith, mmModel, mmModelProgram, RECORDINGS, ROOT } from './mm-model.ts'

/*
 * The other tests run the sources; what is built does the same, in a process of its own: each command, each exit code that ends at
 * once, standard output and standard error apart, no colours in a pipe.
 */

const EXAMPLE = 'examples/first-write.scn'
const RECORDING = '01-hole-write.json'
const FOLDER = folderWith({
  [RECORDING]: readFileSync(join(ROOT, RECORDINGS, 'linux-6.1-ext4', RECORDING), 'utf8'),
})
const THREADS = ['t1', 't2', 't3', 't4', 't5']
/** More threads than a search takes. */
const SIX = join(
  folderWith({
    'six.scn': `create a 4k\nmmap m a 0 4k rw shared\n${THREADS.map((t) => `thread ${t}\n`).join('')}load m 0${THREADS.map((t) => ` || @${t} load m 0`).join('')}\n`,
  }),
  'six.scn',
)

it.each([
  ['', 2],
  ['--version', 0],
  ['rnu', 2],
  ['help compare', 0],
  [`run ${EXAMPLE} --strategy retry`, 0],
  [`run ${EXAMPLE} nowhere.scn`, 2],
  [`verify ${FOLDER} --scenarios ${RECORDINGS}/scenarios --tier path`, 0],
  [`compare ${EXAMPLE} --json`, 0],
  ['compare --matrix --only sharde', 2],
  ['check examples/writer-and-fsync.scn --defect flush-before-mkclean', 1],
  ['check examples/writer-and-fsync.scn --max-steps 9', 3],
  // What only the thread that searches finds out.
  [`check ${SIX}`, 2],
  ['strategy list', 0],
  ['pte 0x8400000048200a67 --bits', 0],
])('mm-model %s', async (line, status) => {
  const words = line.split(' ').filter((word) => word !== '')
  const built = mmModelProgram(...words)
  expect(built.status).toBe(status)
  // Colours are off in this process, and so where there is no terminal.
  expect(built).toEqual(await mmModel(...words))
  expect(status === 2 && words.length > 0 ? built.stdout : built.stderr).toBe('')
})
