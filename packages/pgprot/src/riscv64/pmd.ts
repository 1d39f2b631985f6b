/**
 * riscv64 entries of the PMD and PUD levels. All levels have one format, so most of these are the PTE functions under
 * the kernel's names for the level.
 * Kernel: `arch/riscv/include/asm/pgtable.h`, `pgtable-64.h` [6.1], with CONFIG_TRANSPARENT_HUGEPAGE.
 * @module
 */
import { _PAGE_LEAF, _PAGE_PRESENT, _PAGE_PROT_NONE } from './bits.ts'

/** V, PROT_NONE, or a leaf that is being split (V clear, R, W or X set). Kernel: `pmd_present`. */
export function pmdPresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & (_PAGE_PRESENT | _PAGE_PROT_NONE | _PAGE_LEAF)) !== 0
}

/** Maps 2 MiB itself. Kernel: `pmd_leaf`, which as `pmd_present` holds comes down to R, W or X. */
export function pmdLeaf(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_LEAF) !== 0
}

/** Not a pointer to a page table; a leaf is bad too. Kernel: `pmd_bad`. */
export function pmdBad(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return !pmdPresent(lo, hi, i) || pmdLeaf(lo, hi, i)
}

/** Clears V and PROT_NONE while a leaf is split. Kernel: `pmd_mkinvalid`. */
export function pmdMkinvalid(lo: Uint32Array, _hi: Uint32Array, i: number): void {
  lo[i]! &= ~(_PAGE_PRESENT | _PAGE_PROT_NONE)
}

/** The frame number of a 2 MiB leaf, in 4 KiB units, aligned. Kernel: `pmd_pfn`. */
export function pmdPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0x3f_ffff) * 0x40_0000 + ((lo[i]! & 0xfff8_0000) >>> 10)
}

/** V is set. Kernel: `pud_present`. */
export function pudPresent(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & _PAGE_PRESENT) !== 0
}

/** V is set, and R, W or X. Kernel: `pud_leaf`. */
export function pudLeaf(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return pudPresent(lo, hi, i) && pmdLeaf(lo, hi, i)
}

/** V is clear. Kernel: `pud_bad`. */
export function pudBad(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return !pudPresent(lo, hi, i)
}

/** The frame number of a 1 GiB leaf, in 4 KiB units, aligned. Kernel: `pud_pfn`. */
export function pudPfn(lo: Uint32Array, hi: Uint32Array, i: number): number {
  return (hi[i]! & 0x3f_ffff) * 0x40_0000 + ((lo[i]! & 0xf000_0000) >>> 10)
}

export {
  /** Never: no transparent huge pages at this level. Kernel: `pud_trans_huge`, `include/linux/pgtable.h`. */
  never as pudTransHuge,
} from '../generic.ts'

export {
  /** As `pfnPte`. Kernel: `pfn_pmd`. */
  pfnPte as pfnPmd,
  /** As `pfnPte`, on T-Head too. Kernel: `pfn_pud`. */
  pfnPte as pfnPud,
  /** As `pfnPteThead`. */
  pfnPteThead as pfnPmdThead,
  /** Kernel: `pmd_dirty`. */
  pteDirty as pmdDirty,
  /** The test of `pte_dirty`. */
  pteDirty as pudDirty,
  /** X is set; the 6.1 kernel has no such test at this level. */
  pteExec as pmdExec,
  /** Kernel: `pmd_mkclean`. */
  pteMkclean as pmdMkclean,
  /** As `pteMkclean`. */
  pteMkclean as pudMkclean,
  /** Kernel: `pmd_mkdirty`. */
  pteMkdirty as pmdMkdirty,
  /** As `pteMkdirty`. */
  pteMkdirty as pudMkdirty,
  /** Changes nothing. Kernel: `pmd_mkhuge`. */
  pteMkhuge as pmdMkhuge,
  /** Changes nothing. */
  pteMkhuge as pudMkhuge,
  /** Kernel: `pmd_mkold`. */
  pteMkold as pmdMkold,
  /** As `pteMkold`. */
  pteMkold as pudMkold,
  /** Kernel: `pmd_mkwrite`. */
  pteMkwrite as pmdMkwrite,
  /** As `pteMkwrite`. */
  pteMkwrite as pudMkwrite,
  /** Kernel: `pmd_mkyoung`. */
  pteMkyoung as pmdMkyoung,
  /** As `pteMkyoung`. */
  pteMkyoung as pudMkyoung,
  /** As `pteModify`. Kernel: `pmd_modify`. */
  pteModify as pmdModify,
  /** As `pteModifyNoPbmt`. */
  pteModifyNoPbmt as pmdModifyNoPbmt,
  /** As `pteModifyThead`. */
  pteModifyThead as pmdModifyThead,
  /** Zero. Kernel: `pmd_none`. */
  pteNone as pmdNone,
  /** Zero. Kernel: `pud_none`. */
  pteNone as pudNone,
  /** Kernel: `pmd_protnone`. */
  pteProtnone as pmdProtnone,
  /** Kernel: `pmd_same`. */
  pteSame as pmdSame,
  /** Kernel: `pmd_user`. */
  pteUser as pmdUser,
  /** Kernel: `pud_user`. */
  pteUser as pudUser,
  /** Kernel: `pmd_write`. */
  pteWrite as pmdWrite,
  /** The test of `pte_write`; the 6.1 kernel has none at this level, nor any of the following. */
  pteWrite as pudWrite,
  /** Kernel: `pmd_wrprotect`. */
  pteWrprotect as pmdWrprotect,
  /** As `pteWrprotect`. */
  pteWrprotect as pudWrprotect,
  /** Kernel: `pmd_young`. */
  pteYoung as pmdYoung,
  /** The test of `pte_young`. */
  pteYoung as pudYoung,
} from './pte.ts'
export {
  /** Kernel: `pmd_trans_huge`. */
  pmdLeaf as pmdTransHuge,
}
