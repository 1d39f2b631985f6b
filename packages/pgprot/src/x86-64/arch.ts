import type { PageTableArch } from '../arch.ts'
import { levelNames } from '../generic.ts'
import { P4D_SHIFT, PAGE_SHIFT, PGDIR_SHIFT_5, PMD_SHIFT, PTRS_PER_PTE, PUD_SHIFT } from './geometry.ts'
import * as pmd from './pmd.ts'
import * as prot from './prot.ts'
import * as pte from './pte.ts'
import * as pud from './pud.ts'
import * as swap from './swap.ts'
import * as table from './table.ts'
import { walkX86, type X86Cpu, x86Cpu } from './walk.ts'

/** What an x86-64 configuration can choose. */
export interface X86Options {
  /** 4 (the default), or 5 with LA57. */
  readonly levels?: 4 | 5 | undefined
  /** Differences from `x86Cpu`, for the walk. */
  readonly cpu?: Partial<X86Cpu> | undefined
}

const SHIFTS: readonly number[] = [PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, P4D_SHIFT, PGDIR_SHIFT_5]

/** x86-64 in one configuration, as a frozen value. */
export function createX86Arch(options: X86Options = {}): PageTableArch {
  const levels = options.levels ?? 4
  const cpu = Object.freeze({ ...x86Cpu, ...options.cpu })
  const shifts = SHIFTS.slice(0, levels)
  // One literal, so that engines keep it in fast mode.
  const arch: PageTableArch = Object.freeze<PageTableArch>({
    name: levels === 5 ? 'x86-64-la57' : 'x86-64',
    family: 'x86-64',
    pageShift: PAGE_SHIFT,
    pmdShift: PMD_SHIFT,
    pudShift: PUD_SHIFT,
    levels,
    levelNames: levelNames(levels),
    shifts: Object.freeze(shifts),
    entries: Object.freeze(shifts.map(() => PTRS_PER_PTE)),
    userBits: 9 * levels + 11,
    pfnBits: 40,
    hasDevmap: true,
    hasSoftDirty: true,
    hasUffdWp: true,
    hasSwapExclusive: true,
    maxLeafLevel: 2,
    hasPudThp: true,
    hwAccessed: true,
    hwDirty: true,
    pteNone: pte.pteNone,
    ptePresent: pte.ptePresent,
    pteProtnone: pte.pteProtnone,
    pteWrite: pte.pteWrite,
    pteDirty: pte.pteDirty,
    pteYoung: pte.pteYoung,
    pteExec: pte.pteExec,
    pteUser: pte.pteUser,
    pteSpecial: pte.pteSpecial,
    pteDevmap: pte.pteDevmap,
    pteSoftDirty: pte.pteSoftDirty,
    pteUffdWp: pte.pteUffdWp,
    pteHuge: pte.pteHuge,
    pteSame: pte.pteSame,
    pteMkwrite: pte.pteMkwrite,
    pteWrprotect: pte.pteWrprotect,
    pteMkdirty: pte.pteMkdirty,
    pteMkclean: pte.pteMkclean,
    pteMkyoung: pte.pteMkyoung,
    pteMkold: pte.pteMkold,
    pteMkexec: pte.pteMkexec,
    pteExprotect: pte.pteExprotect,
    pteMkspecial: pte.pteMkspecial,
    pteMkdevmap: pte.pteMkdevmap,
    pteMkhuge: pte.pteMkhuge,
    pteMksoftDirty: pte.pteMksoftDirty,
    pteClearSoftDirty: pte.pteClearSoftDirty,
    pteMkuffdWp: pte.pteMkuffdWp,
    pteClearUffdWp: pte.pteClearUffdWp,
    pteModify: pte.pteModify,
    pfnPte: pte.pfnPte,
    ptePfn: pte.ptePfn,
    pmdNone: pmd.pmdNone,
    pmdPresent: pmd.pmdPresent,
    pmdProtnone: pmd.pmdProtnone,
    pmdLeaf: pmd.pmdLeaf,
    pmdTransHuge: pmd.pmdTransHuge,
    pmdBad: pmd.pmdBad,
    pmdWrite: pmd.pmdWrite,
    pmdDirty: pmd.pmdDirty,
    pmdYoung: pmd.pmdYoung,
    pmdUser: pmd.pmdUser,
    pmdDevmap: pmd.pmdDevmap,
    pmdSoftDirty: pmd.pmdSoftDirty,
    pmdUffdWp: pmd.pmdUffdWp,
    pmdMkwrite: pmd.pmdMkwrite,
    pmdWrprotect: pmd.pmdWrprotect,
    pmdMkdirty: pmd.pmdMkdirty,
    pmdMkclean: pmd.pmdMkclean,
    pmdMkyoung: pmd.pmdMkyoung,
    pmdMkold: pmd.pmdMkold,
    pmdMkhuge: pmd.pmdMkhuge,
    pmdMkdevmap: pmd.pmdMkdevmap,
    pmdMksoftDirty: pmd.pmdMksoftDirty,
    pmdClearSoftDirty: pmd.pmdClearSoftDirty,
    pmdMkuffdWp: pmd.pmdMkuffdWp,
    pmdClearUffdWp: pmd.pmdClearUffdWp,
    pmdMkinvalid: pmd.pmdMkinvalid,
    pmdModify: pmd.pmdModify,
    pfnPmd: pmd.pfnPmd,
    pmdPfn: pmd.pmdPfn,
    pudNone: pud.pudNone,
    pudPresent: pud.pudPresent,
    pudLeaf: pud.pudLeaf,
    pudTransHuge: pud.pudTransHuge,
    pudBad: pud.pudBad,
    pudWrite: pud.pudWrite,
    pudDirty: pud.pudDirty,
    pudYoung: pud.pudYoung,
    pudUser: pud.pudUser,
    pudDevmap: pud.pudDevmap,
    pudSoftDirty: pud.pudSoftDirty,
    pudMkwrite: pud.pudMkwrite,
    pudWrprotect: pud.pudWrprotect,
    pudMkdirty: pud.pudMkdirty,
    pudMkclean: pud.pudMkclean,
    pudMkyoung: pud.pudMkyoung,
    pudMkold: pud.pudMkold,
    pudMkhuge: pud.pudMkhuge,
    pudMkdevmap: pud.pudMkdevmap,
    pudMksoftDirty: pud.pudMksoftDirty,
    pudClearSoftDirty: pud.pudClearSoftDirty,
    pfnPud: pud.pfnPud,
    pudPfn: pud.pudPfn,
    mkTableEntry: table.mkTableEntry,
    tableEntryPfn: table.tableEntryPfn,
    isSwapPte: pte.isSwapPte,
    mkSwapEntry: swap.mkSwapEntry,
    swpType: swap.swpType,
    swpOffset: swap.swpOffset,
    pteSwpExclusive: swap.pteSwpExclusive,
    pteSwpMkexclusive: swap.pteSwpMkexclusive,
    pteSwpClearExclusive: swap.pteSwpClearExclusive,
    pteSwpSoftDirty: swap.pteSwpSoftDirty,
    pteSwpMksoftDirty: swap.pteSwpMksoftDirty,
    pteSwpClearSoftDirty: swap.pteSwpClearSoftDirty,
    pteSwpUffdWp: swap.pteSwpUffdWp,
    pteSwpMkuffdWp: swap.pteSwpMkuffdWp,
    pteSwpClearUffdWp: swap.pteSwpClearUffdWp,
    protectionMapLo: prot.protectionMapLo,
    protectionMapHi: prot.protectionMapHi,
    vmGetPageProt: prot.vmGetPageProt,
    pgprotModify: prot.pgprotModify,
    pgprotWritable: prot.pgprotWritable,
    assertPgprotReadOnly: prot.assertPgprotReadOnly,
    pgprotNoncached: prot.pgprotNoncached,
    pgprotWritecombine: prot.pgprotWritecombine,
    walk: (tables, rootPfn, addressLo, addressHi, access, out) =>
      walkX86(arch, cpu, tables, rootPfn, addressLo, addressHi, access, out),
  })
  return arch
}

/** Four levels, as most machines run. */
export const x86Arch: PageTableArch = /*#__PURE__*/ createX86Arch()
/** Five levels (LA57). */
export const x86Arch5: PageTableArch = /*#__PURE__*/ createX86Arch({ levels: 5 })
