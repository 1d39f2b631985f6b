/**
 * What each bit is, in words: the table for people who look at an entry.
 * @module
 */
import type { Level } from './arch.ts'
import { type BitField, bitTable, type EntryFormat, type EntryKind } from './format.ts'

const COMMON: Readonly<Record<string, string>> = {
  '-': 'reserved: must be 0',
  '!': 'left alone by Linux: 0',
  pfn: 'frame number',
  type: 'which swap area',
  offset: 'where in the swap area',
  ignored: 'ignored by the hardware, unused by Linux',
}

const X86: Readonly<Record<string, string>> = {
  _PAGE_PRESENT: 'present: the hardware may use the entry',
  _PAGE_RW: 'writable',
  _PAGE_USER: 'user space may use it',
  _PAGE_PWT: 'write through (cache attribute, lowest bit)',
  _PAGE_PCD: 'cache disable (cache attribute, middle bit)',
  _PAGE_ACCESSED: 'accessed, set by the hardware',
  _PAGE_DIRTY: 'written, set by the hardware',
  _PAGE_PAT: 'cache attribute, highest bit',
  _PAGE_PAT_LARGE: 'cache attribute, highest bit, in a large leaf',
  _PAGE_PSE: 'a large leaf, not a table pointer',
  _PAGE_GLOBAL: 'stays in the TLB across address spaces',
  _PAGE_PROTNONE: 'maps a page that nobody may touch now; the frame is stored inverted',
  _PAGE_SPECIAL: 'no struct page to be used (software)',
  _PAGE_SOFTW1: 'software bit 1, unused here',
  _PAGE_UFFD_WP: 'write-protected by userfaultfd (software)',
  _PAGE_SOFT_DIRTY: 'written since the last reset of soft-dirty bits (software)',
  _PAGE_DEVMAP: 'device memory with struct pages, DAX (software)',
  _PAGE_SAVED_DIRTY: 'dirty, of an entry that is not writable (software)',
  pkey: 'protection key',
  _PAGE_NX: 'not executable',
  _PAGE_SWP_SOFT_DIRTY: 'was soft-dirty',
  _PAGE_SWP_UFFD_WP: 'was write-protected by userfaultfd',
  _PAGE_SWP_EXCLUSIVE: 'the anonymous page belonged to this process alone',
  offset: 'where in the swap area, inverted',
}

const ARM64: Readonly<Record<string, string>> = {
  PTE_VALID: 'valid: the hardware may use the entry',
  PTE_TABLE_BIT: 'a page or a table pointer, not a block',
  attrindx: 'memory attribute index',
  NS: 'non-secure',
  PTE_USER: 'user space may load (AP[1])',
  PTE_RDONLY: 'no stores (AP[2]); clear with PTE_WRITE set: dirty',
  sh: 'shareability; 3 is inner shareable',
  PTE_AF: 'accessed',
  PTE_NG: 'not global: tagged with the address space',
  PTE_GP: 'guarded: BTI is checked',
  PTE_WRITE: 'writable; the hardware reads it as DBM, dirty bit management',
  PTE_CONT: 'one of a contiguous run',
  PTE_PXN: 'not executable by the kernel',
  PTE_UXN: 'not executable by user space',
  PTE_DIRTY: 'dirty (software)',
  PTE_SPECIAL: 'no struct page to be used (software)',
  PTE_DEVMAP: 'device memory with struct pages, DAX (software)',
  PTE_PROT_NONE: 'maps a page that nobody may touch now (software)',
  PMD_PRESENT_INVALID: 'a block made invalid while it is split (software)',
  PMD_TABLE_PXN: 'nothing below is executable by the kernel',
  PMD_TABLE_UXN: 'nothing below is executable by user space',
  aptable: 'limits below: 1 no user access, 2 no stores',
  NSTABLE: 'non-secure below',
  PTE_SWP_EXCLUSIVE: 'the anonymous page belonged to this process alone',
}

const RISCV64: Readonly<Record<string, string>> = {
  _PAGE_PRESENT: 'valid: the hardware may use the entry',
  _PAGE_READ: 'readable',
  _PAGE_WRITE: 'writable; needs readable',
  _PAGE_EXEC: 'executable',
  _PAGE_USER: 'user space may use it',
  _PAGE_GLOBAL: 'in all address spaces',
  _PAGE_PROT_NONE: 'maps a page that nobody may touch now (software)',
  _PAGE_ACCESSED: 'accessed',
  _PAGE_DIRTY: 'written',
  _PAGE_SPECIAL: 'no struct page to be used (software)',
  RSW1: 'software bit, unused',
  pbmt: 'memory type: 0 ordinary, 1 non-cacheable, 2 I/O (Svpbmt)',
  mt: 'memory type of T-Head: 14 ordinary, 0 non-cacheable, 16 I/O',
  _PAGE_NAPOT: 'one of sixteen entries that map 64 KiB (Svnapot)',
}

/** A field and what it means. */
export interface LegendField extends BitField {
  readonly meaning: string
}

/** The fields of an entry from bit 0 up, each with its meaning. Throws `PGPROT_LEVEL` as `bitTable` does. */
export function legend(
  format: EntryFormat,
  level: Level,
  kind: EntryKind,
  present?: boolean | undefined,
): readonly LegendField[] {
  const { name } = format.arch
  const words = name.startsWith('x86') ? X86 : name.startsWith('arm64') ? ARM64 : RISCV64
  return bitTable(format, level, kind, present).map((field) => ({
    ...field,
    meaning: words[field.name] ?? COMMON[field.name] ?? '',
  }))
}
