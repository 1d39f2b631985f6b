/**
 * Helpers that mean the same on every architecture, and the kernel's stand-ins for what an architecture lacks.
 * Kernel: `include/linux/pgtable.h`, `include/asm-generic/pgtable_uffd.h` [6.1].
 * @module
 */
import type { Level } from './arch.ts'
import { PgprotError } from './error.ts'

/** All 64 bits equal. Kernel: `pte_same`, `pmd_same`, `pud_same`. */
export function sameEntry(
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  lo2: Uint32Array,
  hi2: Uint32Array,
  j: number,
): boolean {
  return lo[i] === lo2[j] && hi[i] === hi2[j]
}

/** All 64 bits clear. */
export function zeroEntry(lo: Uint32Array, hi: Uint32Array, i: number): boolean {
  return (lo[i]! | hi[i]!) === 0
}

/** Stands for a predicate about a bit that the architecture does not have. */
export function never(_lo: Uint32Array, _hi: Uint32Array, _i: number): boolean {
  return false
}

/** Stands for a change of a bit that the architecture does not have. */
export function unchanged(_lo: Uint32Array, _hi: Uint32Array, _i: number): void {}

/** Stands for `pte_mkdevmap` and its like where the kernel refuses to link. Throws `PGPROT_UNSUPPORTED`. */
export function noDevmap(_lo: Uint32Array, _hi: Uint32Array, _i: number): void {
  throw new PgprotError('PGPROT_UNSUPPORTED', {
    found: 'no DEVMAP bit',
    expected: 'an entry that has one',
    todo: 'ask hasDevmap and hasPudThp first',
  })
}

/** The names of `count` levels, the last one first: the root is always the PGD. */
export function levelNames(count: number): readonly Level[] {
  const below: readonly Level[] = ['pte', 'pmd', 'pud', 'p4d']
  return Object.freeze([...below.slice(0, count - 1), 'pgd' as const])
}
