import type { PageTableArch } from '../arch.ts'
import { levelNames, never, noDevmap, unchanged } from '../generic.ts'
import {
  pfnPte,
  pfnPte16k,
  pfnPte64k,
  pmdPfn,
  pmdPfn16k,
  pmdPfn64k,
  ptePfn,
  ptePfn16k,
  ptePfn64k,
  pudLeaf,
  pudPfn,
  pudPfn16k,
  pudPfn64k,
} from './granule.ts'
import * as pmd from './pmd.ts'
import * as prot from './prot.ts'
import * as pte from './pte.ts'
import * as swap from './swap.ts'
import { pmdPopulate, pmdPopulate16k, pmdPopulate64k } from './table.ts'
import { type Arm64Cpu, arm64Cpu, walkArm64 } from './walk.ts'

export type Granule = '4k' | '16k' | '64k'

/** What an arm64 configuration can choose. */
export interface Arm64Options {
  /** `'4k'` by default. */
  readonly granule?: Granule | undefined
  /** Width of a user address, 48 by default; 36..48, with 64K pages up to 52. */
  readonly vaBits?: number | undefined
  /** Differences from `arm64Cpu`: `{ hwDirty: false }` is a CPU without hardware dirty management. */
  readonly cpu?: Partial<Arm64Cpu> | undefined
}

/** The functions that know where the frame number lies. */
type Frames = Pick<PageTableArch, 'mkTableEntry' | 'pfnPte' | 'pmdPfn' | 'ptePfn' | 'pudLeaf' | 'pudPfn'>

const FRAMES: Readonly<Record<Granule, Frames>> = {
  '4k': { mkTableEntry: pmdPopulate, pfnPte, pmdPfn, ptePfn, pudLeaf, pudPfn },
  '16k': {
    mkTableEntry: pmdPopulate16k,
    pfnPte: pfnPte16k,
    pmdPfn: pmdPfn16k,
    ptePfn: ptePfn16k,
    pudLeaf,
    pudPfn: pudPfn16k,
  },
  '64k': {
    mkTableEntry: pmdPopulate64k,
    pfnPte: pfnPte64k,
    pmdPfn: pmdPfn64k,
    ptePfn: ptePfn64k,
    pudLeaf: never,
    pudPfn: pudPfn64k,
  },
}

/** arm64 in one configuration, as a frozen value. Widths outside the stated ones are the caller's mistake. */
export function createArm64Arch(options: Arm64Options = {}): PageTableArch {
  const size = options.granule ?? '4k'
  const vaBits = options.vaBits ?? 48
  const cpu = Object.freeze({ ...arm64Cpu, ...options.cpu })
  const frames = FRAMES[size]
  const pageShift = size === '4k' ? 12 : size === '16k' ? 14 : 16
  const bits = pageShift - 3
  const levels = Math.ceil((vaBits - pageShift) / bits)
  const shifts = [0, 1, 2, 3].slice(0, levels).map((level) => pageShift + level * bits)
  const width = vaBits === 48 ? '' : `-va${vaBits}`
  // One literal, so that engines keep it in fast mode.
  const arch: PageTableArch = Object.freeze<PageTableArch>({
    name: `arm64-${size}${width}${cpu.hwDirty ? '' : cpu.hwAccessed ? '-nodbm' : '-noaf'}`,
    family: 'arm64',
    pageShift,
    pmdShift: pageShift + bits,
    pudShift: pageShift + 2 * bits,
    levels,
    levelNames: levelNames(levels),
    shifts: Object.freeze(shifts),
    entries: Object.freeze(shifts.map((shift) => 2 ** Math.min(bits, vaBits - shift))),
    userBits: vaBits,
    pfnBits: size === '64k' ? 36 : 48 - pageShift,
    hasDevmap: true,
    hasSoftDirty: false,
    hasUffdWp: false,
    hasSwapExclusive: true,
    maxLeafLevel: size === '4k' ? 2 : 1,
    hasPudThp: false,
    hwAccessed: cpu.hwAccessed,
    hwDirty: cpu.hwDirty,
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
    pteMkdevmap: pte.pteMkdevmap,
    pteMkhuge: pte.pteMkhuge,
    pteMksoftDirty: unchanged,
    pteClearSoftDirty: unchanged,
    pteMkuffdWp: unchanged,
    pteClearUffdWp: unchanged,
    pteModify: pte.pteModify,
    pfnPte: frames.pfnPte,
    ptePfn: frames.ptePfn,
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
    pmdSoftDirty: never,
    pmdUffdWp: never,
    pmdMkwrite: pmd.pmdMkwrite,
    pmdWrprotect: pmd.pmdWrprotect,
    pmdMkdirty: pmd.pmdMkdirty,
    pmdMkclean: pmd.pmdMkclean,
    pmdMkyoung: pmd.pmdMkyoung,
    pmdMkold: pmd.pmdMkold,
    pmdMkhuge: pmd.pmdMkhuge,
    pmdMkdevmap: pmd.pmdMkdevmap,
    pmdMksoftDirty: unchanged,
    pmdClearSoftDirty: unchanged,
    pmdMkuffdWp: unchanged,
    pmdClearUffdWp: unchanged,
    pmdMkinvalid: pmd.pmdMkinvalid,
    pmdModify: pmd.pmdModify,
    pfnPmd: frames.pfnPte,
    pmdPfn: frames.pmdPfn,
    pudNone: pmd.pudNone,
    pudPresent: pmd.pudPresent,
    pudLeaf: frames.pudLeaf,
    pudTransHuge: pmd.pudTransHuge,
    pudBad: pmd.pudBad,
    pudWrite: pmd.pudWrite,
    pudDirty: pmd.pudDirty,
    pudYoung: pmd.pudYoung,
    pudUser: pmd.pudUser,
    pudDevmap: pmd.pudDevmap,
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
    pfnPud: frames.pfnPte,
    pudPfn: frames.pudPfn,
    mkTableEntry: frames.mkTableEntry,
    tableEntryPfn: frames.ptePfn,
    isSwapPte: pte.isSwapPte,
    mkSwapEntry: swap.mkSwapEntry,
    swpType: swap.swpType,
    swpOffset: swap.swpOffset,
    pteSwpExclusive: swap.pteSwpExclusive,
    pteSwpMkexclusive: swap.pteSwpMkexclusive,
    pteSwpClearExclusive: swap.pteSwpClearExclusive,
    pteSwpSoftDirty: never,
    pteSwpMksoftDirty: unchanged,
    pteSwpClearSoftDirty: unchanged,
    pteSwpUffdWp: never,
    pteSwpMkuffdWp: unchanged,
    pteSwpClearUffdWp: unchanged,
    protectionMapLo: cpu.epan ? prot.protectionMapLoEpan : prot.protectionMapLo,
    protectionMapHi: prot.protectionMapHi,
    vmGetPageProt: cpu.epan ? prot.vmGetPageProtEpan : prot.vmGetPageProt,
    pgprotModify: prot.pgprotModify,
    pgprotWritable: prot.pgprotWritable,
    assertPgprotReadOnly: prot.assertPgprotReadOnly,
    pgprotNoncached: prot.pgprotNoncached,
    pgprotWritecombine: prot.pgprotWritecombine,
    walk: (tables, rootPfn, addressLo, addressHi, access, out) =>
      walkArm64(arch, cpu, tables, rootPfn, addressLo, addressHi, access, out),
  })
  return arch
}

/** 4K pages, 48-bit addresses, four levels, hardware access flag and dirty state. */
export const arm64Arch4k: PageTableArch = /*#__PURE__*/ createArm64Arch()
/** 16K pages, 48-bit addresses, four levels. */
export const arm64Arch16k: PageTableArch = /*#__PURE__*/ createArm64Arch({ granule: '16k' })
/** 64K pages, 48-bit addresses, three levels, 52-bit physical addresses. */
export const arm64Arch64k: PageTableArch = /*#__PURE__*/ createArm64Arch({ granule: '64k' })
