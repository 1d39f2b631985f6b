// Derived from ../steps/anon-rmap.ts by `pnpm straighten`; edit that file, not this one.
/**
 * Anonymous reverse mapping, as far as it decides what may merge: `anon_vma_prepare`, clone and fork.
 * @module
 */

import { VM_ACCESS_FLAGS, VM_SOFTDIRTY } from '../vm-flags.ts'
import type { Vma } from '../vma.ts'
import { AnonVma } from '../vma.ts'

/** mm/mmap.c: anon_vma_compatible, 6.1: neighbours that mprotect could make one area again. */
function anonVmaCompatible(a: Vma, b: Vma): boolean {
  return (
    a.vmEnd === b.vmStart &&
    a.vmFile === b.vmFile &&
    ((a.vmFlags ^ b.vmFlags) & ~(VM_ACCESS_FLAGS | VM_SOFTDIRTY)) === 0 &&
    b.vmPgoff === a.pgoffEnd
  )
}

function reusableAnonVma(old: Vma, a: Vma, b: Vma): AnonVma | null {
  return anonVmaCompatible(a, b) && old.anonVma !== null && old.anonVmaChain.length === 1 ? old.anonVma : null
}

/** Gives the area an anon_vma, a neighbour's if they may merge (mm/rmap.c: __anon_vma_prepare, 6.1). */
export function anonVmaPrepare(vma: Vma): void {
  if (vma.anonVma !== null) return
  const areas = vma.vmMm.areas
  const next = areas.findVma(vma.vmEnd)
  const prev = areas.findPrev(vma.vmStart)
  const anonVma =
    (next !== null && next !== vma ? reusableAnonVma(next, vma, next) : null) ??
    (prev !== null ? reusableAnonVma(prev, prev, vma) : null) ??
    new AnonVma(null)
  vma.anonVma = anonVma
  vma.anonVmaChain.push(anonVma)
  anonVma.numActiveVmas++
}

/** Hangs `dst` on everything `src` hangs on (mm/rmap.c: anon_vma_clone, 6.1). */
export function anonVmaClone(dst: Vma, src: Vma): void {
  for (let i = src.anonVmaChain.length - 1; i >= 0; i--) {
    const anonVma = src.anonVmaChain[i]!
    dst.anonVmaChain.unshift(anonVma)
    if (
      dst.anonVma === null &&
      src.anonVma !== null &&
      anonVma.numChildren < 2 &&
      anonVma.numActiveVmas === 0
    ) {
      dst.anonVma = anonVma
    }
  }
  if (dst.anonVma !== null) dst.anonVma.numActiveVmas++
}

/** mm/rmap.c: anon_vma_fork, 6.1: the child's own anon_vma below the parent's. */
export function anonVmaFork(vma: Vma, parent: Vma): void {
  if (parent.anonVma === null) return
  anonVmaClone(vma, parent)
  if (vma.anonVma !== null) return
  const anonVma = new AnonVma(parent.anonVma)
  anonVma.numActiveVmas++
  parent.anonVma.numChildren++
  vma.anonVma = anonVma
  vma.anonVmaChain.unshift(anonVma)
}

/** mm/rmap.c: unlink_anon_vmas, 6.1. */
export function unlinkAnonVmas(vma: Vma): void {
  if (vma.anonVma !== null) {
    vma.anonVma.numActiveVmas--
    vma.anonVma = null
  }
  vma.anonVmaChain = []
}
