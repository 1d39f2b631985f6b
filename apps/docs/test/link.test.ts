import type { Level } from '@mm-model/pgprot'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configurations, formatOf } from '../demos/entry-decoder/configurations.ts'
import { fromHash, toHash } from '../demos/entry-decoder/link.ts'
import { type DecoderState, EMPTY } from '../demos/entry-decoder/state.ts'

const state: fc.Arbitrary<DecoderState> = fc.constantFrom(...configurations).chain(({ name }) =>
  fc.record({
    arch: fc.constant(name),
    level: fc.constantFrom<Level>(...formatOf(name).arch.levelNames),
    text: fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\r\n?/g, '\n')),
    at: fc.nat(4096),
    edits: fc
      .array(fc.tuple(fc.nat(4096), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })))
      .map((list): ReadonlyMap<number, bigint> => new Map(list.sort(([a], [b]) => a - b))),
  }),
)

describe('a link', () => {
  test('restores exactly what it was made from', () => {
    fc.assert(
      fc.property(state, (shown) => {
        expect(fromHash(`#${toHash(shown)}`)).toEqual(shown)
      }),
    )
  })

  test('is readable', () => {
    expect(toHash({ ...EMPTY, text: 'pte=0x67, 0x25', at: 1, edits: new Map([[1, 0x27n]]) })).toBe(
      'arch=x86-64&level=pte&text=pte=0x67,+0x25&at=2&now=2:0x27',
    )
  })

  test.each([
    ['#text=0x67', { ...EMPTY, text: '0x67' }],
    ['#arch=arm64&level=pmd&text=', { ...EMPTY, arch: 'arm64-4k', level: 'pmd' }],
    ['#arch=arm64-64k-nodbm&text=1', { ...EMPTY, arch: 'arm64-64k', text: '1' }],
    // What makes no sense is left out.
    ['#arch=vax&level=page&text=1&at=x&now=1:zz,,0:0x1', { ...EMPTY, text: '1' }],
    ['#arch=riscv64-sv39&level=p4d&text=1', { ...EMPTY, arch: 'riscv64-sv39', level: 'pgd', text: '1' }],
  ])('%s', (hash, expected) => {
    expect(fromHash(hash)).toEqual(expected)
  })

  test.each(['', '#', '#some-heading', '#%', '#level=pte'])('%j is not one', (hash) => {
    expect(fromHash(hash)).toBeNull()
  })
})
