/** The layout of a fresh file system against what dumpe2fs said of the one mke2fs made (both 1.47.0). */
import { expect, test } from 'vitest'
import { Ext4Blocks } from '../src/ext4/blocks/index.ts'
import { ext4Layout } from '../src/ext4/blocks/layout.ts'

/** Blocks of the device, free blocks, and which groups have BLOCK_UNINIT. */
const MADE: [number, string, string][] = [
  [2048, '1162-2047', '0'],
  [4096, '1291-4095', '0'],
  [16384, '2065-16383', '0'],
  [32768, '6169-32767', '0'],
  [34816, '6300-32767 32786-34815', '00'],
  [51200, '7332-32767 32794-51199', '00'],
  [65536, '4139-32767 36897-65535', '00'],
  [98304, '6205-32767 32817-65535 69632-98303', '010'],
  [131072, '2127-32767 32833-65535 69632-98303 98369-131071', '0100'],
  [150000, '2436-32767 32843-65535 69632-98303 98379-131071 131072-149999', '01010'],
  [
    262144,
    '4247-32767 32897-65535 65536-98303 98433-131071 139264-163839 163969-196607 196608-229375 229505-262143',
    '01110110',
  ],
  [
    491520,
    '7957-32767 33009-65535 65536-98303 98545-131071 131072-163839 164081-196607 204800-229375 229617-262143 ' +
      '262144-294911 295153-327679 327680-360447 360448-393215 393216-425983 425984-458751 458752-491519',
    '011111011111110',
  ],
]

test.each(MADE)('%i blocks', (blocks, free, uninit) => {
  const layout = ext4Layout(blocks)
  const runs: string[] = []
  for (const [i, { used }] of layout.entries()) {
    let first = -1
    for (let bit = 0; bit <= 32768; bit++) {
      const isFree = bit < 32768 && ((used[bit >>> 5]! >>> (bit & 31)) & 1) === 0
      if (isFree && first < 0) first = bit
      if (isFree || first < 0) continue
      runs.push(`${i * 32768 + first}-${i * 32768 + bit - 1}`)
      first = -1
    }
  }
  expect(runs.join(' ')).toBe(free)
  expect(layout.map(({ unread }, i) => (i > 0 && !unread ? '1' : '0')).join('')).toBe(uninit)
})

test('512 MiB has what statfs said of free blocks', () => {
  expect(new Ext4Blocks({ blocks: 131072, zero() {} }).freeBlocks).toBe(124719)
})

test.each([0, 2047, 15 * 32768 + 1, 32800, Number.NaN])('%d blocks are refused', (blocks) => {
  expect(() => new Ext4Blocks({ blocks, zero() {} })).toThrow(RangeError)
})
