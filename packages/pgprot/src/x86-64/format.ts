import type { PageTableArch } from '../arch.ts'
import type { EntryFormat, EntryKind } from '../format.ts'
import { x86Arch } from './arch.ts'
import { pfnPmd } from './pmd.ts'
import { pfnPte } from './pte.ts'
import { pfnPud } from './pud.ts'

const LOW = '_PAGE_PRESENT _PAGE_RW _PAGE_USER _PAGE_PWT _PAGE_PCD _PAGE_ACCESSED _PAGE_DIRTY '
const FRAMES: readonly string[] = ['pfn:40', '_PAGE_PAT_LARGE -:8 pfn:31', '_PAGE_PAT_LARGE -:17 pfn:22']
const SWAP =
  '- _PAGE_SWP_SOFT_DIRTY _PAGE_SWP_UFFD_WP _PAGE_SWP_EXCLUSIVE - _PAGE_ACCESSED _PAGE_DIRTY -:2 offset:50 type:5'
const STORES: readonly PageTableArch['pfnPte'][] = [pfnPte, pfnPmd, pfnPud]
/** By PAT, PCD, PWT, on a CPU whose PAT is usable in full. */
const CACHES: readonly string[] = ['WB', 'WC', 'UC-', 'UC', 'WB', 'WP', 'UC-', 'WT']

/** Bits 52..58 of a leaf, by kernel: 6.1, and since 6.6. */
const SOFTWARE = {
  '6.1': 'ignored:6 _PAGE_DEVMAP',
  '6.12': 'ignored:5 _PAGE_DEVMAP _PAGE_SAVED_DIRTY',
} as const

/** Kernels whose software bits are known. */
export type X86Kernel = '6.1' | '6.12'

function layout(kernel: X86Kernel, level: number, kind: EntryKind, present: boolean): string {
  if (kind === 'none') return '-:5 _PAGE_ACCESSED _PAGE_DIRTY -:57'
  if (kind === 'swap') return SWAP
  if (kind === 'table') return `${LOW}- !:4 pfn:40 !:11 _PAGE_NX`
  const special = level === 0 || kernel === '6.12' ? '_PAGE_SPECIAL' : '_PAGE_SOFTW1'
  const bit8 = present ? '_PAGE_GLOBAL' : '_PAGE_PROTNONE'
  const bit7 = level === 0 ? '_PAGE_PAT' : '_PAGE_PSE'
  const flags = `${LOW}${bit7} ${bit8} ${special} _PAGE_UFFD_WP _PAGE_SOFT_DIRTY`
  return `${flags} ${FRAMES[level]} ${SOFTWARE[kernel]} pkey:4 _PAGE_NX`
}

function kind(lo: number, hi: number, level: number): EntryKind | null {
  const large = (lo & 0x80) !== 0
  if ((lo & 1) !== 0) return level === 0 || (large && level <= 2) ? 'leaf' : 'table'
  if (((lo & ~0x60) | hi) === 0) return 'none'
  if (level === 0) return (lo & 0x100) !== 0 ? 'leaf' : 'swap'
  if (large) return level <= 2 ? 'leaf' : null
  return level === 1 && (lo & 0x100) === 0 ? 'swap' : null
}

/** The format of x86-64 entries in a configuration, with the software bits of a kernel. */
export function x86FormatOf(arch: PageTableArch, kernel: X86Kernel = '6.1'): EntryFormat {
  return Object.freeze<EntryFormat>({
    arch,
    kind,
    layout: (level, of, present) => layout(kernel, level, of, present),
    reserved: () => -1,
    storePfn: (level) => STORES[level]!,
    cache: (lo, _hi, level) => CACHES[((lo >>> (level === 0 ? 5 : 10)) & 4) | ((lo >>> 3) & 3)]!,
    executeOnly: () => false,
  })
}

/** Four levels. */
export const x86Format: EntryFormat = /*#__PURE__*/ x86FormatOf(x86Arch)
