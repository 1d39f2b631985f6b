import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EntryChange, EntryTest, PageTableArch } from '../src/arch.ts'
import { arm64Arch4k, arm64Arch16k, arm64Arch64k, createArm64Arch } from '../src/arm64/index.ts'
import { ask, change, entryFor, protectionMap } from '../src/bigint.ts'
import { PgprotError } from '../src/error.ts'
import { createRiscvArch, riscvArchSv39, riscvArchSv48, riscvArchSv57 } from '../src/riscv64/index.ts'
import { x86Arch612 } from '../src/x86-64/arch-6.12.ts'
import { x86Arch, x86Arch5 } from '../src/x86-64/index.ts'

// What the kernel's own mm/debug_vm_pgtable.c [6.1] demands of every architecture, as properties: for every protection
// of the map, every frame and every level that can hold a leaf.

const ARCHS: readonly PageTableArch[] = [
  x86Arch,
  x86Arch5,
  x86Arch612,
  arm64Arch4k,
  arm64Arch16k,
  arm64Arch64k,
  createArm64Arch({ vaBits: 39, cpu: { epan: true, hwDirty: false } }),
  riscvArchSv39,
  riscvArchSv48,
  riscvArchSv57,
  createRiscvArch({ cpu: { memoryTypes: 'none' } }),
  createRiscvArch({ cpu: { memoryTypes: 'thead' } }),
]

/** The functions of a level, under one set of names. */
interface LevelFunctions {
  readonly name: string
  /** Pages that a leaf of this level maps. */
  readonly pages: number
  readonly store: PageTableArch['pfnPte']
  readonly pfn: PageTableArch['ptePfn']
  readonly none: EntryTest
  readonly write: EntryTest
  readonly dirty: EntryTest
  readonly young: EntryTest
  readonly bad: EntryTest | null
  readonly leaf: EntryTest | null
  readonly mkwrite: EntryChange
  readonly wrprotect: EntryChange
  readonly mkdirty: EntryChange
  readonly mkclean: EntryChange
  readonly mkyoung: EntryChange
  readonly mkold: EntryChange
  readonly mkhuge: EntryChange
}

function levelsOf(arch: PageTableArch): LevelFunctions[] {
  const { pageShift } = arch
  const pte: LevelFunctions = {
    name: 'pte',
    pages: 1,
    store: arch.pfnPte,
    pfn: arch.ptePfn,
    none: arch.pteNone,
    write: arch.pteWrite,
    dirty: arch.pteDirty,
    young: arch.pteYoung,
    bad: null,
    leaf: null,
    mkwrite: arch.pteMkwrite,
    wrprotect: arch.pteWrprotect,
    mkdirty: arch.pteMkdirty,
    mkclean: arch.pteMkclean,
    mkyoung: arch.pteMkyoung,
    mkold: arch.pteMkold,
    mkhuge: arch.pteMkhuge,
  }
  const pmd: LevelFunctions = {
    name: 'pmd',
    pages: 2 ** (arch.pmdShift - pageShift),
    store: arch.pfnPmd,
    pfn: arch.pmdPfn,
    none: arch.pmdNone,
    write: arch.pmdWrite,
    dirty: arch.pmdDirty,
    young: arch.pmdYoung,
    bad: arch.pmdBad,
    leaf: arch.pmdLeaf,
    mkwrite: arch.pmdMkwrite,
    wrprotect: arch.pmdWrprotect,
    mkdirty: arch.pmdMkdirty,
    mkclean: arch.pmdMkclean,
    mkyoung: arch.pmdMkyoung,
    mkold: arch.pmdMkold,
    mkhuge: arch.pmdMkhuge,
  }
  const pud: LevelFunctions = {
    name: 'pud',
    pages: 2 ** (arch.pudShift - pageShift),
    store: arch.pfnPud,
    pfn: arch.pudPfn,
    none: arch.pudNone,
    write: arch.pudWrite,
    dirty: arch.pudDirty,
    young: arch.pudYoung,
    bad: arch.pudBad,
    leaf: arch.pudLeaf,
    mkwrite: arch.pudMkwrite,
    wrprotect: arch.pudWrprotect,
    mkdirty: arch.pudMkdirty,
    mkclean: arch.pudMkclean,
    mkyoung: arch.pudMkyoung,
    mkold: arch.pudMkold,
    mkhuge: arch.pudMkhuge,
  }
  return arch.maxLeafLevel >= 2 ? [pte, pmd, pud] : [pte, pmd]
}

/** A frame number that a leaf of `pages` pages can start at; edges are drawn often. */
function frames(arch: PageTableArch, pages: number): fc.Arbitrary<number> {
  const top = 2 ** arch.pfnBits / pages - 1
  return fc
    .oneof(
      fc.constantFrom(0, 1, top),
      fc.maxSafeNat().map((n) => n % (top + 1)),
    )
    .map((n) => n * pages)
}

const protections = fc.nat({ max: 15 })
const entries = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

describe.each(ARCHS.map((arch) => [arch.name, arch] as const))('%s', (_, arch) => {
  const map = protectionMap(arch)

  describe.each(levelsOf(arch).map((level) => [level.name, level] as const))('%s', (_name, level) => {
    const { dirty, mkclean, mkdirty, mkold, mkwrite, mkyoung, wrprotect, write, young } = level
    const made = fc.tuple(frames(arch, level.pages), protections)
    const entry = ([pfn, prot]: readonly [number, number]): bigint => entryFor(level.store, pfn, map[prot]!)

    /** The laws of pte_basic_tests, pmd_basic_tests and pud_basic_tests, for one entry. */
    function basic(e: bigint): void {
      expect(ask(young, change(mkyoung, change(mkold, e)))).toBe(true)
      expect(ask(dirty, change(mkdirty, change(mkclean, e)))).toBe(true)
      expect(ask(write, change(mkwrite, change(wrprotect, e)))).toBe(true)
      expect(ask(young, change(mkold, change(mkyoung, e)))).toBe(false)
      expect(ask(dirty, change(mkclean, change(mkdirty, e)))).toBe(false)
      expect(ask(write, change(wrprotect, change(mkwrite, e)))).toBe(false)
      expect(ask(dirty, change(wrprotect, change(mkclean, e)))).toBe(false)
      expect(ask(dirty, change(wrprotect, change(mkdirty, e)))).toBe(true)
    }

    test('basic: young, dirty, write and their opposites, for every protection', () => {
      fc.assert(
        fc.property(made, (of) => {
          const e = entry(of)
          // No protection starts out dirty: matters on arm64, where a clear RDONLY means dirty.
          expect(ask(dirty, change(wrprotect, e))).toBe(false)
          basic(e)
        }),
      )
    })

    test('basic, on any value at all', () => {
      fc.assert(fc.property(entries, basic))
    })

    test('advanced: write-protecting, upgrading, ageing leave what they should', () => {
      fc.assert(
        fc.property(made, (of) => {
          const e = entry(of)
          expect(ask(write, change(wrprotect, e))).toBe(false)
          const upgraded = change(mkdirty, change(mkwrite, change(mkclean, change(wrprotect, e))))
          expect([ask(write, upgraded), ask(dirty, upgraded)]).toEqual([true, true])
          expect(ask(young, change(mkold, change(mkyoung, e)))).toBe(false)
          expect(ask(level.none, 0n)).toBe(true)
          expect(ask(level.none, change(mkyoung, change(mkwrite, e)))).toBe(false)
        }),
      )
    })

    const { bad, leaf } = level
    // At the PUD level the kernel demands this where transparent huge pages reach it.
    if (bad !== null && leaf !== null && (level.name === 'pmd' || arch.hasPudThp)) {
      test('huge: a leaf, and never a good table pointer', () => {
        fc.assert(
          fc.property(made, (of) => {
            const e = change(level.mkhuge, entry(of))
            expect(ask(bad, e)).toBe(true)
            // On x86 a PUD that is not present is no leaf; the kernel tests with an accessible protection.
            if (level.name === 'pmd' || (of[1] & 7) !== 0) expect(ask(leaf, e)).toBe(true)
          }),
        )
      })
    }

    test('swap: an entry seen as a swap entry and back is the same entry', () => {
      fc.assert(
        fc.property(made, (of) => {
          const e = change(level.mkhuge, entry(of))
          expect(ask(level.pfn, e)).toBe(of[0])
        }),
      )
    })

    test('saved write: on PROT_NONE entries the write bit can be set and cleared', () => {
      fc.assert(
        fc.property(frames(arch, level.pages), (pfn) => {
          const e = entryFor(level.store, pfn, map[0]!)
          expect(ask(write, change(mkwrite, change(wrprotect, e)))).toBe(true)
          expect(ask(write, change(wrprotect, change(mkwrite, e)))).toBe(false)
        }),
      )
    })
  })

  const pte = fc
    .tuple(frames(arch, 1), protections)
    .map(([pfn, prot]) => entryFor(arch.pfnPte, pfn, map[prot]!))
  const pmdPages = 2 ** (arch.pmdShift - arch.pageShift)
  const pmd = fc
    .tuple(frames(arch, pmdPages), protections)
    .map(([pfn, prot]) => entryFor(arch.pfnPmd, pfn, map[prot]!))

  test('same: an entry equals itself and nothing else', () => {
    fc.assert(
      fc.property(entries, entries, (one, other) => {
        const lo = Uint32Array.of(Number(one & 0xffff_ffffn), Number(other & 0xffff_ffffn))
        const hi = Uint32Array.of(Number(one >> 32n), Number(other >> 32n))
        expect(arch.pteSame(lo, hi, 0, lo, hi, 0)).toBe(true)
        expect(arch.pteSame(lo, hi, 0, lo, hi, 1)).toBe(one === other)
      }),
    )
  })

  test('special', () => {
    fc.assert(fc.property(pte, (e) => ask(arch.pteSpecial, change(arch.pteMkspecial, e))))
  })

  test('protnone: PROT_NONE is present for software and protnone, at both levels', () => {
    fc.assert(
      fc.property(frames(arch, 1), frames(arch, pmdPages), (pfn, pmdPfn) => {
        const e = entryFor(arch.pfnPte, pfn, map[0]!)
        expect([ask(arch.pteProtnone, e), ask(arch.ptePresent, e)]).toEqual([true, true])
        const m = change(arch.pmdMkhuge, entryFor(arch.pfnPmd, pmdPfn, map[0]!))
        expect([ask(arch.pmdProtnone, m), ask(arch.pmdPresent, m)]).toEqual([true, true])
      }),
    )
  })

  test(arch.hasDevmap ? 'devmap' : 'no devmap: never, and a request is refused', () => {
    fc.assert(
      fc.property(pte, pmd, (e, m) => {
        if (!arch.hasDevmap) {
          expect([ask(arch.pteDevmap, e), ask(arch.pmdDevmap, m), ask(arch.pudDevmap, m)]).not.toContain(true)
          for (const refused of [arch.pteMkdevmap, arch.pmdMkdevmap, arch.pudMkdevmap]) {
            expect(() => change(refused, e)).toThrow(PgprotError)
          }
          return
        }
        expect(ask(arch.pteDevmap, change(arch.pteMkdevmap, e))).toBe(true)
        expect(ask(arch.pmdDevmap, change(arch.pmdMkdevmap, m))).toBe(true)
        if (arch.hasPudThp) expect(ask(arch.pudDevmap, change(arch.pudMkdevmap, m))).toBe(true)
        else expect(() => change(arch.pudMkdevmap, m)).toThrow(PgprotError)
      }),
    )
  })

  test(
    arch.hasSoftDirty
      ? 'soft-dirty, of entries and of swap entries'
      : 'no soft-dirty: never, nothing changes',
    () => {
      const has = arch.hasSoftDirty
      const sets: readonly (readonly [EntryTest, EntryChange, EntryChange])[] = [
        [arch.pteSoftDirty, arch.pteMksoftDirty, arch.pteClearSoftDirty],
        [arch.pmdSoftDirty, arch.pmdMksoftDirty, arch.pmdClearSoftDirty],
        [arch.pudSoftDirty, arch.pudMksoftDirty, arch.pudClearSoftDirty],
        [arch.pteSwpSoftDirty, arch.pteSwpMksoftDirty, arch.pteSwpClearSoftDirty],
      ]
      fc.assert(
        fc.property(pte, fc.constantFrom(...sets), (e, [is, mk, clear]) => {
          expect(ask(is, change(mk, e))).toBe(has)
          expect(ask(is, change(clear, e))).toBe(false)
          if (!has) expect([change(mk, e), change(clear, e)]).toEqual([e, e])
        }),
      )
    },
  )

  test(arch.hasSwapExclusive ? 'swap exclusive' : 'no swap exclusive: never, nothing changes', () => {
    fc.assert(
      fc.property(pte, (e) => {
        const exclusive = change(arch.pteSwpMkexclusive, e)
        expect(ask(arch.pteSwpExclusive, exclusive)).toBe(arch.hasSwapExclusive)
        expect(ask(arch.pteSwpExclusive, change(arch.pteSwpClearExclusive, exclusive))).toBe(false)
        if (!arch.hasSwapExclusive) expect(exclusive).toBe(e)
      }),
    )
  })

  test('migration: a swap entry keeps type and offset, and is no present entry', () => {
    const offsets = arch.name.startsWith('riscv') ? 2 ** 53 : 2 ** 50
    fc.assert(
      fc.property(fc.nat({ max: 31 }), fc.maxSafeNat(), (type, n) => {
        const offset = n % offsets
        const e = change((lo, hi, i) => arch.mkSwapEntry(lo, hi, i, type, offset), 0n)
        expect([ask(arch.swpType, e), ask(arch.swpOffset, e)]).toEqual([type, offset])
        expect(ask(arch.ptePresent, e)).toBe(false)
        expect(ask(arch.isSwapPte, e)).toBe(!ask(arch.pteNone, e))
      }),
    )
  })

  test('transparent huge pages stay huge and present while they are split', () => {
    fc.assert(
      fc.property(pmd, (m) => {
        const huge = change(arch.pmdMkhuge, m)
        expect(ask(arch.pmdTransHuge, huge)).toBe(true)
        const invalid = change(arch.pmdMkinvalid, huge)
        expect(ask(arch.pmdTransHuge, invalid)).toBe(true)
        expect(ask(arch.pmdPresent, invalid)).toBe(true)
        if (arch.hasPudThp) expect(ask(arch.pudTransHuge, change(arch.pudMkhuge, m))).toBe(true)
      }),
    )
  })

  test('populate: a pointer to a table is not bad, and names its table', () => {
    fc.assert(
      fc.property(frames(arch, 1), (pfn) => {
        const e = change((lo, hi, i) => arch.mkTableEntry(lo, hi, i, pfn), 0n)
        expect([ask(arch.pmdBad, e), ask(arch.pudBad, e)]).toEqual([false, false])
        expect([ask(arch.pmdLeaf, e), ask(arch.pudLeaf, e)]).toEqual([false, false])
        expect([ask(arch.pmdNone, e), ask(arch.pudNone, e)]).toEqual([false, false])
        expect(ask(arch.tableEntryPfn, e)).toBe(pfn)
      }),
    )
  })
})
