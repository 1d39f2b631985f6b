import { expect, test } from 'vitest'
import { CaptureError } from '../src/capture-error.ts'
import { observe } from '../src/observe/observe.ts'
import { readRawLog } from '../src/observe/raw-log.ts'

const HEAD = 'AGENT 1 levels=5\nSCENARIO /scn/a.scn\n'
const options = { kernel: '6.1', fs: 'ext4', place: 'run.log' }

function complaint(log: string): string {
  try {
    observe(log, options)
  } catch (error) {
    if (error instanceof CaptureError) return `${error.code} ${error.message}`
    throw error
  }
  return 'none'
}

test('a log tells how many levels the page tables have', () => {
  expect(readRawLog(`${HEAD}OP load m 0\nR skipped=1\nEND\nDONE\n`, 'run.log').levels).toBe(5)
})

test.each([
  ['', 'CAPTURE_INCOMPLETE_LOG run.log: found no line `AGENT 1 levels=…`'],
  [HEAD, 'CAPTURE_INCOMPLETE_LOG run.log: found no line DONE after 1 scenarios'],
  ['AGENT 2 levels=4\n', "CAPTURE_BAD_LOG run.log:1: found 'AGENT 2 levels=4'"],
  [
    'AGENT 1 levels=4\nOP load m 0\n',
    "CAPTURE_BAD_LOG run.log:2: found 'OP load m 0', expected a line `SCENARIO …`",
  ],
  [`${HEAD}R ret=0\n`, "CAPTURE_BAD_LOG run.log:3: found 'R ret=0', expected a line `OP …` before it"],
  [`${HEAD}OP load m 0\nR ret=zero\n`, "CAPTURE_BAD_LOG run.log:4: found 'R ret=zero'"],
  [`${HEAD}OP load m 0\nP m0 0 level=9 0x1\n`, "CAPTURE_BAD_LOG run.log:4: found 'P m0 0 level=9 0x1'"],
  [`${HEAD}[ 12.3] Out of memory\n`, "CAPTURE_BAD_LOG run.log:3: found '[ 12.3] Out of memory'"],
  [`${HEAD}toString\n`, "CAPTURE_BAD_LOG run.log:3: found 'toString'"],
  [
    `${HEAD}OP load m 0\nR ret=0\nT CPU:0 [LOST 5 EVENTS]\nEND\nDONE\n`,
    "CAPTURE_BAD_LOG run.log:5: found 'CPU:0 [LOST 5 EVENTS]', expected an event of the trace; the trace lost events",
  ],
])('%j is refused', (log, expected) => {
  expect(complaint(log)).toContain(expected)
})

test.each([
  ['OP load m 0\nR ret=0\nDIED 9\n', 'its process ended with the wait status 9'],
  ['OP load m 0\nEND\n', '`load m 0` has no result'],
  ['OP load m 0\nR ret=0\n', 'it has no end'],
  ['# the trace is too long\nOP load m 0\nR ret=0\nT   agent-1\nEND\n', 'the trace is too long'],
  ['# the trace lost 12 events\nOP load m 0\nR ret=0\nEND\n', 'the trace lost 12 events'],
])('a scenario with %j has no recording, and the next one has', (lines, reason) => {
  const log = `${HEAD}${lines}SCENARIO /scn/b.scn\nOP load m 0\nR skipped=1\nEND\nDONE\n`
  const { observations, failures } = observe(log, options)
  expect(observations.map(({ scenario }) => scenario)).toEqual(['b'])
  expect(failures).toEqual([{ scenario: 'a', reason }])
})

test('what the agent complains of before the first scenario is a failure of the run', () => {
  const log =
    'AGENT 1 levels=4\n# probe refused: p:x y (2)\nSCENARIO /scn/b.scn\nOP load m 0\nR skipped=1\nEND\nDONE\n'
  expect(observe(log, options).failures).toEqual([{ scenario: '', reason: 'probe refused: p:x y (2)' }])
})
