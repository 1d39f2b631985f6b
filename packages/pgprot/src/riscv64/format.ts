import type { PageTableArch } from '../arch.ts'
import type { EntryFormat, EntryKind } from '../format.ts'
import { riscvArchSv39 } from './arch.ts'
import { pfnPte } from './pte.ts'
import type { MemoryTypes } from './walk.ts'

const TYPES: Readonly<Record<MemoryTypes, string>> = {
  none: '-:9 _PAGE_NAPOT',
  svpbmt: '-:7 pbmt:2 _PAGE_NAPOT',
  thead: '-:5 mt:5',
}
const LOW = '_PAGE_PRESENT _PAGE_READ _PAGE_WRITE _PAGE_EXEC _PAGE_USER '

/** The format of riscv64 entries in a configuration and with the memory types of a CPU. */
export function riscvFormatOf(arch: PageTableArch, memoryTypes: MemoryTypes = 'svpbmt'): EntryFormat {
  function layout(level: number, kind: EntryKind, present: boolean): string {
    if (kind === 'none') return '-:64'
    if (kind === 'swap') return '-:6 type:5 offset:53'
    if (kind === 'table') return '_PAGE_PRESENT -:4 _PAGE_GLOBAL -:2 !:2 pfn:44 -:10'
    const bit5 = present ? '_PAGE_GLOBAL' : '_PAGE_PROT_NONE'
    const gap = level > 0 ? `-:${9 * level} ` : ''
    const rest = `${gap}pfn:${44 - 9 * level} ${TYPES[memoryTypes]}`
    return `${LOW}${bit5} _PAGE_ACCESSED _PAGE_DIRTY _PAGE_SPECIAL RSW1 ${rest}`
  }

  function kind(lo: number, hi: number, level: number): EntryKind | null {
    if ((lo | hi) === 0) return 'none'
    const rights = (lo & 0xe) !== 0
    if ((lo & 1) !== 0) return rights ? (level <= 2 ? 'leaf' : null) : level > 0 ? 'table' : null
    if ((lo & 0x20) !== 0 || (level === 1 && rights)) return level <= 2 ? 'leaf' : null
    return level <= 1 ? 'swap' : null
  }

  return Object.freeze<EntryFormat>({
    arch,
    kind,
    layout,
    reserved: (lo, hi, of) => {
      if (of !== 'leaf') return -1
      if ((lo & 7) === 5) return 2
      return memoryTypes === 'svpbmt' && (hi & 0x6000_0000) === 0x6000_0000 ? 62 : -1
    },
    storePfn: () => pfnPte,
    cache: (_lo, hi) => cacheOf(memoryTypes, hi),
    executeOnly: (lo) => (lo & 0xb) === 9,
  })
}

function cacheOf(memoryTypes: MemoryTypes, hi: number): string {
  if (memoryTypes === 'none') return 'PMA'
  if (memoryTypes === 'svpbmt') return ['PMA', 'NC', 'IO'][(hi >>> 29) & 3]!
  const type = hi >>> 27
  return type === 14 ? 'PMA' : type === 0 ? 'NC' : type === 16 ? 'IO' : `type ${type}`
}

/** Sv39 with Svpbmt. */
export const riscvFormat: EntryFormat = /*#__PURE__*/ riscvFormatOf(riscvArchSv39)
