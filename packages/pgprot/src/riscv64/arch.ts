import type { PageTableArch } from '../arch.ts'
import { levelNames, never, noDevmap, unchanged } from '../generic.ts'
import { P4D_SHIFT, PAGE_SHIFT, PGDIR_SHIFT_L5, PMD_SHIFT, PTRS_PER_PTE, PUD_SHIFT } from './geometry.ts'
import * as pmd from './pmd.ts'
import * as prot from './prot.ts'
import * as pte from './pte.ts'
import * as swap from './swap.ts'
import * as table from './table.ts'
import { type MemoryTypes, type RiscvCpu, riscvCpu, walkRiscv } from './walk.ts'

/** Translation schemes of satp. */
export type RiscvMode = 'sv39' | 'sv48' | 'sv57'

/** What a riscv64 configuration can choose. */
export interface RiscvOptions {
  /** `'sv39'` by default. */
  readonly mode?: RiscvMode | undefined
  /** Differences from `riscvCpu`: `{ svadu: true }` is a CPU that sets A and D itself. */
  readonly cpu?: Partial<RiscvCpu> | undefined
}

/** The functions that know the memory types. */
type Types = { readonly suffix: string } & Pick<
  PageTableArch,
  'pfnPte' | 'pgprotModify' | 'pgprotNoncached' | 'pgprotWritecombine' | 'pteModify'
>

const TYPES: Readonly<Record<MemoryTypes, Types>> = {
  svpbmt: {
    suffix: '',
    pfnPte: pte.pfnPte,
    pteModify: pte.pteModify,
    pgprotModify: prot.pgprotModify,
    pgprotNoncached: prot.pgprotNoncached,
    pgprotWritecombine: prot.pgprotWritecombine,
  },
  none: {
    suffix: '-nopbmt',
    pfnPte: pte.pfnPte,
    pteModify: pte.pteModifyNoPbmt,
    pgprotModify: prot.pgprotModifyNoPbmt,
    pgprotNoncached: unchanged,
    pgprotWritecombine: unchanged,
  },
  thead: {
    suffix: '-thead',
    pfnPte: pte.pfnPteThead,
    pteModify: pte.pteModifyThead,
    pgprotModify: prot.pgprotModifyThead,
    pgprotNoncached: prot.pgprotNoncachedThead,
    pgprotWritecombine: prot.pgprotWritecombineThead,
  },
}

/** riscv64 in one configuration, as a frozen value. */
export function createRiscvArch(options: RiscvOptions = {}): PageTableArch {
  const mode = options.mode ?? 'sv39'
  const levels = mode === 'sv57' ? 5 : mode === 'sv48' ? 4 : 3
  const cpu = Object.freeze({ ...riscvCpu, ...options.cpu })
  const types = TYPES[cpu.memoryTypes]
  const shifts = [PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, P4D_SHIFT, PGDIR_SHIFT_L5].slice(0, levels)
  // One literal, so that engines keep it in fast mode.
  const arch: PageTableArch = Object.freeze<PageTableArch>({
    name: `riscv64-${mode}${cpu.svadu ? '-svadu' : ''}${types.suffix}`,
    family: 'riscv64',
    pageShift: PAGE_SHIFT,
    pmdShift: PMD_SHIFT,
    pudShift: PUD_SHIFT,
    levels,
    levelNames: levelNames(levels),
    shifts: Object.freeze(shifts),
    entries: Object.freeze(shifts.map(() => PTRS_PER_PTE)),
    userBits: 9 * levels + 11,
    pfnBits: 44,
    hasDevmap: false,
    hasSoftDirty: false,
    hasUffdWp: false,
    hasSwapExclusive: false,
    maxLeafLevel: 2,
    hasPudThp: false,
    hwAccessed: cpu.svadu,
    hwDirty: cpu.svadu,
    pteNone: pte.pteNone,
    ptePresent: pte.ptePresent,
    pteProtnone: pte.pteProtnone,
    pteWrite: pte.pteWrite,
    pteDirty: pte.pteDirty,
    pteYoung: pte.pteYoung,
    pteExec: pte.pteExec,
    pteUser: pte.pteUser,
    pteSpecial: pte.pteSpecial,
    pteDevmap: never,
    pteSoftDirty: never,
    pteUffdWp: never,
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
    pteMkdevmap: noDevmap,
    pteMkhuge: pte.pteMkhuge,
    pteMksoftDirty: unchanged,
    pteClearSoftDirty: unchanged,
    pteMkuffdWp: unchanged,
    pteClearUffdWp: unchanged,
    pteModify: types.pteModify,
    pfnPte: types.pfnPte,
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
    pmdDevmap: never,
    pmdSoftDirty: never,
    pmdUffdWp: never,
    pmdMkwrite: pmd.pmdMkwrite,
    pmdWrprotect: pmd.pmdWrprotect,
    pmdMkdirty: pmd.pmdMkdirty,
    pmdMkclean: pmd.pmdMkclean,
    pmdMkyoung: pmd.pmdMkyoung,
    pmdMkold: pmd.pmdMkold,
    pmdMkhuge: pmd.pmdMkhuge,
    pmdMkdevmap: noDevmap,
    pmdMksoftDirty: unchanged,
    pmdClearSoftDirty: unchanged,
    pmdMkuffdWp: unchanged,
    pmdClearUffdWp: unchanged,
    pmdMkinvalid: pmd.pmdMkinvalid,
    pmdModify: types.pteModify,
    pfnPmd: types.pfnPte,
    pmdPfn: pmd.pmdPfn,
    pudNone: pmd.pudNone,
    pudPresent: pmd.pudPresent,
    pudLeaf: pmd.pudLeaf,
    pudTransHuge: pmd.pudTransHuge,
    pudBad: pmd.pudBad,
    pudWrite: pmd.pudWrite,
    pudDirty: pmd.pudDirty,
    pudYoung: pmd.pudYoung,
    pudUser: pmd.pudUser,
    pudDevmap: never,
    pudSoftDirty: never,
    pudMkwrite: pmd.pudMkwrite,
    pudWrprotect: pmd.pudWrprotect,
    pudMkdirty: pmd.pudMkdirty,
    pudMkclean: pmd.pudMkclean,
    pudMkyoung: pmd.pudMkyoung,
    pudMkold: pmd.pudMkold,
    pudMkhuge: pmd.pudMkhuge,
    pudMkdevmap: noDevmap,
    pudMksoftDirty: unchanged,
    pudClearSoftDirty: unchanged,
    pfnPud: pmd.pfnPud,
    pudPfn: pmd.pudPfn,
    mkTableEntry: table.mkTableEntry,
    tableEntryPfn: table.tableEntryPfn,
    isSwapPte: pte.isSwapPte,
    mkSwapEntry: swap.mkSwapEntry,
    swpType: swap.swpType,
    swpOffset: swap.swpOffset,
    pteSwpExclusive: never,
    pteSwpMkexclusive: unchanged,
    pteSwpClearExclusive: unchanged,
    pteSwpSoftDirty: never,
    pteSwpMksoftDirty: unchanged,
    pteSwpClearSoftDirty: unchanged,
    pteSwpUffdWp: never,
    pteSwpMkuffdWp: unchanged,
    pteSwpClearUffdWp: unchanged,
    protectionMapLo: prot.protectionMapLo,
    protectionMapHi: prot.protectionMapHi,
    vmGetPageProt: prot.vmGetPageProt,
    pgprotModify: types.pgprotModify,
    pgprotWritable: prot.pgprotWritable,
    assertPgprotReadOnly: prot.assertPgprotReadOnly,
    pgprotNoncached: types.pgprotNoncached,
    pgprotWritecombine: types.pgprotWritecombine,
    walk: (tables, rootPfn, addressLo, addressHi, access, out) =>
      walkRiscv(arch, cpu, tables, rootPfn, addressLo, addressHi, access, out),
  })
  return arch
}

/** Sv39: three levels, with Svpbmt, accessed and dirty bits left to software. */
export const riscvArchSv39: PageTableArch = /*#__PURE__*/ createRiscvArch()
/** Sv48: four levels. */
export const riscvArchSv48: PageTableArch = /*#__PURE__*/ createRiscvArch({ mode: 'sv48' })
/** Sv57: five levels. */
export const riscvArchSv57: PageTableArch = /*#__PURE__*/ createRiscvArch({ mode: 'sv57' })
