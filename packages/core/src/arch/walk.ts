/**
 * The walk of processors whose exact traps `@mm-model/pgprot` knows: everything but x86-64, whose walk is written out.
 * @module
 */

import { ACCESS_USER, ACCESS_WRITE } from '@mm-model/pgprot/x86-64'
import { TRAP_USER, TRAP_WRITE } from '../fault-flags.ts'
import { PAGE_TABLE_BASE_PFN } from '../physical-memory.ts'
import type { Task } from '../task.ts'
import { TLB_DIRTY, TLB_EXEC, TLB_WRITE } from '../tlb.ts'

/** 2^32: an address is below 2^53, and a double. */
const HIGH = 0x100000000

/**
 * Walks the tables, sets what the hardware sets, fills the TLB and answers -1; or answers a `TRAP_*` mask, with the
 * processor's own code in `t.walk`. A translation that is cached and gives too few rights raises the fault by itself:
 * the tables are not looked at again before the kernel has flushed it. (A processor may look, or have forgotten it;
 * that it need not is why kernels flush.) `cachedCode4k` and `cachedCode2m` are the codes of such a fault.
 */
export function walkTables(
  t: Task,
  address: number,
  write: boolean,
  cachedCode4k: number,
  cachedCode2m: number,
): number {
  const m = t.machine
  const pt = m.pageTables
  const { arch } = m
  const tlb = m.tlbs[t.cpu]!
  const context = t.mm.tlbContext
  const out = t.walk
  const trap = write ? TRAP_USER | TRAP_WRITE : TRAP_USER
  const cached = tlb.lookup(context, address)
  // Only a store comes here with a translation: it lacks the right to write, or the hardware must still mark it dirty.
  if (cached >= 0 && !((cached & TLB_WRITE) !== 0 && arch.hwDirty)) {
    out.code = tlb.isHuge(context, address) ? cachedCode2m : cachedCode4k
    return trap
  }
  const access = write ? ACCESS_USER | ACCESS_WRITE : ACCESS_USER
  const root = PAGE_TABLE_BASE_PFN + t.mm.pgd
  if (!arch.walk(pt, root, address >>> 0, Math.floor(address / HIGH), access, out)) return trap
  const { slot } = out
  const rights =
    (arch.pteWrite(pt.lo, pt.hi, slot) ? TLB_WRITE : 0) |
    (arch.pteDirty(pt.lo, pt.hi, slot) ? TLB_DIRTY : 0) |
    (arch.pteExec(pt.lo, pt.hi, slot) ? TLB_EXEC : 0)
  if (out.level > 0) tlb.fillHuge(context, address, arch.pmdPfn(pt.lo, pt.hi, slot), rights)
  else tlb.fill(context, address, out.pfn, rights)
  t.accessPfn = out.pfn
  return -1
}

/** The processor's code of the last walk. */
export function walkCode(t: Task, _trap: number): number {
  return t.walk.code
}
