/**
 * arm64 entries of the PMD and PUD levels: blocks, and pointers to lower tables. The same for every granule, except
 * for the frame number and `pudLeaf`, which `granule.ts` has.
 *
 * Same shape and same promises as `pte.ts`: in place, any 64-bit value, nothing throws. Where the kernel tests or
 * changes the bit that a PTE has too, the function is the PTE one under the kernel's name for this level.
 * Kernel: `arch/arm64/include/asm/pgtable.h` [6.1].
 * @module
 */
import { PMD_PRESENT_INVALID_HI, PTE_DEVMAP_HI, PTE_TABLE_BIT, PTE_TYPE_MASK, PTE_VALID } from './bits.ts'
import { ptePresent } from './pte.ts'

/** VALID, PROT_NONE, or made invalid while it is split. Kernel: `pmd_present`. */
export function pmdPresent(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return ptePresent(lo, hi, i) || (hi[i]! & PMD_PRESENT_INVALID_HI) !== 0
}

/** Present and not a table pointer. Kernel: `pmd_leaf`. */
export function pmdLeaf(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return pmdPresent(lo, hi, i) && pmdBad(lo, hi, i)
}

/** Present with the TABLE bit clear; true for devmap blocks too, unlike x86. Kernel: `pmd_trans_huge`. */
export function pmdTransHuge(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_TABLE_BIT) === 0 && pmdPresent(lo, hi, i)
}

/** Not a table pointer. Kernel: `pmd_bad`. */
export function pmdBad(lo: Uint32Array, _hi: Uint32Array, i: number): boolean {
  return (lo[i]! & PTE_TYPE_MASK) !== PTE_TYPE_MASK
}

/** Sets DEVMAP alone. Kernel: `pmd_mkdevmap`. */
export function pmdMkdevmap(_lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= PTE_DEVMAP_HI
}

/** Invalid for the hardware, still present for software, while a block is split. Kernel: `pmd_mkinvalid`. */
export function pmdMkinvalid(lo: Uint32Array, hi: Uint32Array, i: number): void {
  hi[i]! |= PMD_PRESENT_INVALID_HI
  lo[i]! &= ~PTE_VALID
}

export {
  /** Never: no transparent huge pages at this level. Kernel: `pud_trans_huge`, `include/linux/pgtable.h`. */
  never as pudTransHuge,
  /** Never. Kernel: `pud_devmap`. */
  never as pudDevmap,
} from '../generic.ts'
export {
  /** Kernel: `pmd_devmap`. */
  pteDevmap as pmdDevmap,
  /** Kernel: `pmd_dirty`. */
  pteDirty as pmdDirty,
  /** The test of `pte_dirty`; the 6.1 kernel has none at this level. */
  pteDirty as pudDirty,
  /** Kernel: `pmd_user_exec`. */
  pteExec as pmdExec,
  /** Kernel: `pud_user_exec`. */
  pteExec as pudExec,
  /** Kernel: `pmd_mkclean`. */
  pteMkclean as pmdMkclean,
  /** As `pteMkclean`; the 6.1 kernel has none at this level. */
  pteMkclean as pudMkclean,
  /** Kernel: `pmd_mkdirty`. */
  pteMkdirty as pmdMkdirty,
  /** As `pteMkdirty`; the 6.1 kernel has none at this level. */
  pteMkdirty as pudMkdirty,
  /** Clears the TABLE bit: a block. Kernel: `pmd_mkhuge`. */
  pteMkhuge as pmdMkhuge,
  /** Clears the TABLE bit: a block. Kernel: `pud_mkhuge`. */
  pteMkhuge as pudMkhuge,
  /** Kernel: `pmd_mkold`. */
  pteMkold as pmdMkold,
  /** As `pteMkold`; the 6.1 kernel has none at this level. */
  pteMkold as pudMkold,
  /** Kernel: `pmd_mkwrite`. */
  pteMkwrite as pmdMkwrite,
  /** As `pteMkwrite`; the 6.1 kernel has none at this level. */
  pteMkwrite as pudMkwrite,
  /** Kernel: `pmd_mkyoung`. */
  pteMkyoung as pmdMkyoung,
  /** Kernel: `pud_mkyoung`. */
  pteMkyoung as pudMkyoung,
  /** As `pteModify`. Kernel: `pmd_modify`. */
  pteModify as pmdModify,
  /** Zero. Kernel: `pmd_none`. */
  pteNone as pmdNone,
  /** Zero. Kernel: `pud_none`. */
  pteNone as pudNone,
  /** Kernel: `pud_present`. */
  ptePresent as pudPresent,
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
  /** Kernel: `pud_write`. */
  pteWrite as pudWrite,
  /** Kernel: `pmd_wrprotect`. */
  pteWrprotect as pmdWrprotect,
  /** As `pteWrprotect`; the 6.1 kernel has none at this level. */
  pteWrprotect as pudWrprotect,
  /** Kernel: `pmd_young`. */
  pteYoung as pmdYoung,
  /** Kernel: `pud_young`. */
  pteYoung as pudYoung,
} from './pte.ts'
export {
  /** Not a table pointer. Kernel: `pud_bad`. */
  pmdBad as pudBad,
}
