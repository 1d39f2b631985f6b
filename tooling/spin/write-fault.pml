/*
 * The write fault of file-backed shared memory on DAX, as a protocol between tasks, CPUs, the kernel and the device.
 * Written from what Linux does, for comparison with the model in this repository and independent of it: see README.md.
 */
#include "programs.pml"
#include "machine.pml"
#include "locks.pml"
#include "invariants.pml"
#include "fault.pml"
#include "private.pml"
#include "writeback.pml"
#include "operations.pml"

proctype task(byte t) {
  mtype old;
  byte f, c, u, x, blk, o_pfn, floor, age, owed;
  bit sig, sync, isnew, got, held, o_write, vm_fault_write, foll_write, foll_cow;
  if
  :: t == 0 -> TASK0
  :: t == 1 -> TASK1
#ifdef TASK2
  :: t == 2 -> TASK2
#endif
#ifdef TASK3
  :: t == 3 -> TASK3
#endif
  fi;
  d_step {
    f = 0; blk = 0; o_pfn = 0; floor = 0; age = 0; owed = 0; sig = 0; sync = 0; isnew = 0; got = 0; held = 0; o_write = 0
  }
}

init {
  byte n;
  d_step {
    do
    :: n < NMM * NVA -> vm_mapped[n] = 1; n++
    :: else -> break
    od;
#ifdef HAS_MREMAP
    vm_mapped[1] = 0;
#endif
    n = 0;
    do
    :: n < NMM ->
#ifndef READ_ONLY
       vm_write[n] = 1;
#endif
       n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < NIDX ->
#ifdef ALLOCATED
       blkmap[n] = BLK(n); jmap[n] = BLK(n);
#else
       mem[BLK(n)] = STALE; pm[BLK(n)] = STALE;
#endif
#ifdef DIRTY_ENTRY                               /* somebody stored, and has gone */
       ent[n].kind = BLOCK; ent[n].dirty = 1;
#endif
       n++
    :: else -> break
    od;
    n = 0
  }
  atomic {
    run invariants();
    do
    :: n < NTASK -> run interrupts(n); run task(n); n++
    :: else -> break
    od;
    n = 0
  }
}
