import { expect, test } from 'vitest'
import { parseCounts } from '../src/count.ts'
import { tableText } from '../src/count-table.ts'

const LOG = `EMPTY 24
COUNT shared/hole/first load/4k/plain 3861.1 least=3800 most=9000 leaves=0 of=256
COUNTED
EMPTY 24
COUNT shared/hole/first load/2m/plain 7000.0 least=6900 most=7100 leaves=4 of=4
COUNT private/hole/first store/2m/plain 9000.5 least=8900 most=9100 leaves=3 of=4
COUNTED
`

test('reads a counter’s log', () => {
  const counts = parseCounts(LOG, 2, 'log')
  expect([...counts.keys()]).toEqual([
    'shared/hole/first load/4k/plain',
    'shared/hole/first load/2m/plain',
    'private/hole/first store/2m/plain',
  ])
  expect(counts.get('private/hole/first store/2m/plain')).toEqual({
    mean: 9000.5,
    least: 8900,
    most: 9100,
    hugeLeaf: false,
  })
})

test.each([
  [LOG.replace('COUNTED\n', ''), '1 of 2 passes'],
  [LOG.replace('COUNTED\n', 'FAILED pwrite: No space left on device\n'), "found 'FAILED pwrite: No space"],
  [LOG.replace('EMPTY 24\n', LOG), 'each combination once'],
])('refuses a log that is not whole', (log, message) => {
  expect(() => parseCounts(log, 2, 'log')).toThrow(message)
})

test('numbers of a combination stand on one line, in the order of the strategies', () => {
  const counts = parseCounts(LOG, 2, 'log')
  const twice = new Map([...counts].map(([key, row]) => [key, { ...row, mean: row.mean * 2 }]))
  const text = tableText({ kernel: 'K' }, [
    { fs: 'ext4', strategy: 'a', counts },
    { fs: 'ext4', strategy: 'b', counts: twice },
  ])
  expect(text).toContain('"plain": [3861.1, 7722.2]')
  const table = JSON.parse(text)
  expect(table.strategies).toEqual(['a', 'b'])
  expect(table.counts.ext4.private.hole['first store']['2m'].plain).toEqual([9000.5, 18001])
  expect(table['no 2 MiB leaf after the access']).toEqual(['ext4/private/hole/first store/2m/plain'])
})
