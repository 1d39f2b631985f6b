import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PageTableArch } from '../src/arch.ts'
import { createArm64Arch } from '../src/arm64/index.ts'
import { ask, change, protectionMap, vmPageProt } from '../src/bigint.ts'
import { archByName, archNames } from '../src/catalog.ts'

// The 2016 patch "dax: Handle write faults more efficiently" built its writable protection by an XOR of
// protection-map entries: it flipped, in the VMA's protection, the bits in which a shared entry differs from its
// private twin,
//
//   writable(prot) = prot ^ map[private, xwr] ^ map[shared, xwr]
//
// with one of four arms, chosen by VM_READ and VM_EXEC: -w-, -wr, xw-, xwr. It called the four differences equal "on
// any sane architecture". Decided here for every protection of every architecture.

const READ = 1
const WRITE = 2
const EXEC = 4
const SHARED = 8
const ARMS = [WRITE, WRITE | READ, WRITE | EXEC, WRITE | EXEC | READ]

const ARCHS: readonly PageTableArch[] = [
  ...archNames.map((name) => archByName(name)),
  { ...createArm64Arch({ cpu: { epan: true } }), name: 'arm64-4k with EPAN' },
]

const hex = (value: bigint): string => `0x${value.toString(16)}`
const rights = (i: number): string =>
  `${i & EXEC ? 'x' : '-'}${i & WRITE ? 'w' : '-'}${i & READ ? 'r' : '-'} ${i & SHARED ? 'shared' : 'private'}`

/** What each arm flips. */
function flipsOf(map: readonly bigint[]): bigint[] {
  return ARMS.map((arm) => map[arm]! ^ map[arm | SHARED]!)
}

/** The indices of the map whose entry the XOR does not turn into the shared, writable entry of the same rights. */
function failuresOf(map: readonly bigint[]): number[] {
  const [flip] = flipsOf(map)
  return [...map.keys()].filter((i) => (i & WRITE) === 0 || (map[i]! ^ flip!) !== map[i | SHARED])
}

describe.each(ARCHS.map((arch) => [arch.name, arch] as const))('%s', (_, arch) => {
  const map = protectionMap(arch)
  const flips = flipsOf(map)
  const writeBit = change(arch.pteMkwrite, 0n)

  test('the four arms are equal, and flip the write bit alone', () => {
    expect(flips).toEqual([writeBit, writeBit, writeBit, writeBit])
  })

  test('any arm makes a private protection with write the shared one, as pte_mkwrite does', () => {
    for (const arm of ARMS) {
      for (const flip of flips) {
        expect(map[arm]! ^ flip).toBe(map[arm | SHARED])
        expect(map[arm]! ^ flip).toBe(change(arch.pteMkwrite, map[arm]!))
      }
    }
  })

  test('so it does with protection keys, BTI, MTE and a cache attribute in the protection', () => {
    const flags = fc.bigInt({ min: 0n, max: (1n << 37n) - 1n }).map((value) => (value | 2n) & ~8n)
    const attributes = fc.constantFrom(arch.pgprotNoncached, arch.pgprotWritecombine, () => {})
    fc.assert(
      fc.property(flags, attributes, fc.constantFrom(...flips), (vmFlags, attribute, flip) => {
        const shared = change(attribute, vmPageProt(arch, vmFlags | 8n))
        expect(change(attribute, vmPageProt(arch, vmFlags)) ^ flip).toBe(shared)
      }),
    )
  })

  test('it fails where no write is asked for, and where the protection is writable already', () => {
    expect(failuresOf(map)).toEqual([0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15])
    for (const i of [10, 11, 14, 15]) {
      expect(ask(arch.pgprotWritable, map[i]!)).toBe(true)
      expect(ask(arch.pgprotWritable, map[i]! ^ flips[0]!)).toBe(false)
    }
  })
})

test('the finding, printed', () => {
  const lines = ['prot ^ map[private] ^ map[shared], the 2016 patch:']
  const byFlip = new Map<string, string[]>()
  for (const arch of ARCHS) {
    const distinct = [...new Set(flipsOf(protectionMap(arch)))].map(hex).join(', ')
    byFlip.set(distinct, [...(byFlip.get(distinct) ?? []), arch.name])
  }
  for (const [flip, names] of byFlip) lines.push(`  all four arms flip ${flip} on ${names.join(', ')}`)
  const sets = new Set(ARCHS.map((arch) => failuresOf(protectionMap(arch)).map(rights).join(', ')))
  lines.push(
    '  so the claim "equal on any sane architecture" holds on all of these; starting from the protections',
  )
  lines.push(
    '  {-w-, -wr, xw-, xwr} private, which write notification gives a VMA, the XOR is right. It is wrong from',
  )
  for (const set of sets) lines.push(`  {${set}}:`)
  lines.push(
    '  without write in the rights it grants what was not asked for, and from a shared writable protection it',
  )
  lines.push('  takes the write bit away. An OR, pte_mkwrite, would be right from all eight with write.')
  console.log(lines.join('\n'))
  expect(sets.size).toBe(1)
})
