import type { PageTableArch } from '../arch.ts'
import type { EntryFormat, EntryKind } from '../format.ts'
import { arm64Arch4k } from './arch.ts'

const LOW = 'PTE_VALID PTE_TABLE_BIT attrindx:3 NS PTE_USER PTE_RDONLY sh:2 PTE_AF PTE_NG '
const HIGH = 'PTE_GP PTE_WRITE PTE_CONT PTE_PXN PTE_UXN PTE_DIRTY PTE_SPECIAL PTE_DEVMAP '
const CACHES: readonly string[] = [
  'MT_NORMAL',
  'MT_NORMAL_TAGGED',
  'MT_NORMAL_NC',
  'MT_DEVICE_nGnRnE',
  'MT_DEVICE_nGnRE',
]

/** The format of arm64 entries in a configuration. */
export function arm64FormatOf(arch: PageTableArch): EntryFormat {
  const { maxLeafLevel, pageShift, pfnPte, shifts } = arch

  /** The frame field of a leaf of `shift` bits, and the reserved bits around it, from bit 12 to 47. */
  function frame(shift: number): string {
    const first = pageShift === 16 ? 'pfn:4 ' : ''
    const gap = shift - (pageShift === 16 ? 16 : 12)
    return `${first}${gap > 0 ? `-:${gap} ` : ''}pfn:${48 - shift}`
  }

  function layout(level: number, kind: EntryKind, present: boolean): string {
    if (kind === 'none') return '-:64'
    if (kind === 'swap') return '-:2 PTE_SWP_EXCLUSIVE type:5 offset:50 -:6'
    if (kind === 'table') {
      return `PTE_VALID PTE_TABLE_BIT !:10 ${frame(pageShift)} -:3 !:8 PMD_TABLE_PXN PMD_TABLE_UXN aptable:2 NSTABLE`
    }
    return `${LOW}${frame(shifts[level]!)} -:2 ${HIGH}${present ? '- !:5' : 'PTE_PROT_NONE PMD_PRESENT_INVALID !:4'}`
  }

  function kind(lo: number, hi: number, level: number): EntryKind | null {
    if ((lo | hi) === 0) return 'none'
    const mayMap = level <= maxLeafLevel
    if ((lo & 1) !== 0) {
      const table = (lo & 2) !== 0
      if (level > 0 && table) return 'table'
      return mayMap && table === (level === 0) ? 'leaf' : null
    }
    const kept = (hi & 0x0400_0000) !== 0 || (level === 1 && (hi & 0x0800_0000) !== 0)
    if (kept) return mayMap ? 'leaf' : null
    return level <= 1 ? 'swap' : null
  }

  return Object.freeze<EntryFormat>({
    arch,
    kind,
    layout,
    reserved: () => -1,
    storePfn: () => pfnPte,
    cache: (lo) => CACHES[(lo >>> 2) & 7] ?? `index ${(lo >>> 2) & 7}`,
    executeOnly: (lo, hi) => (lo & 0x41) === 1 && (hi & 0x0040_0000) === 0,
  })
}

/** 4K pages, 48-bit addresses. */
export const arm64Format: EntryFormat = /*#__PURE__*/ arm64FormatOf(arm64Arch4k)
