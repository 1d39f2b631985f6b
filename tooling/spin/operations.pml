/* What a program can do: store and load, punch and truncate, write(2), munmap, mprotect, mremap, madvise, drop_caches,
 * freeze and thaw; fsync is in writeback.pml. Each runs to its end, or the program ends with a signal (`sig`). */

/* One attempt of the CPU. A TLB entry may be used or have been evicted; a store through a clean one walks again, to set D.
 * Translation and access are one step: an interrupt comes between instructions. `f` is the frame reached, NOFRAME a trap. */
inline access(va, wr) {
  if
  :: T(t, va).pfn != NOFRAME && (!(wr) || (T(t, va).write && T(t, va).dirty)) -> f = T(t, va).pfn
  :: P(MM, va).pfn != NOFRAME && (!(wr) || P(MM, va).write) ->
     if :: (wr) -> P(MM, va).dirty = 1 :: else fi;
     T(t, va).pfn = P(MM, va).pfn; T(t, va).write = P(MM, va).write; T(t, va).dirty = P(MM, va).dirty;
     f = P(MM, va).pfn
  :: P(MM, va).pfn == NOFRAME || ((wr) && !P(MM, va).write) -> clear_tlb(t, va)
  fi
}

/* do_user_addr_fault */
inline trap(va, wr) {
  mmap_read_lock();
  if
  :: !vm_mapped[MM * NVA + (va)] || ((wr) && !vm_write[MM]) -> sig = 1
  :: else ->
#ifdef PRIVATE
     handle_private_fault(va, wr);
     vm_fault_write = 0
#else
     handle_pte_fault(va, wr)
#endif
  fi;
  mmap_read_unlock()
}

inline store(va) {
#ifdef CHECK_I36
  mtime_since_ref[t] = 0;
#endif
  do
  :: sig || f != NOFRAME -> break
  :: else ->
     atomic {
       access(va, 1);
       if
       :: f != NOFRAME ->
          assert(f != ZPFN || I12);
          assert(!IS_BLK(f) || blkmap[IDX(va)] == f || I16);
          assert(!IS_BLK(f) || frozen < 3 || I34);
          clk++; mem[f] = clk;
#ifdef PRIVATE
          assert(!IS_BLK(f) || I30)
#else
          seen[IDX(va)] = clk;
#ifdef CHECK_I36
          if
          :: mtime_since_ref[t] -> mtime_covered = 1
          :: !mtime_since_ref[t] && !mtime_covered && mtime_owed == 0 -> mtime_owed = clk
          :: else
          fi;
          mtime_since_ref[t] = 0
#endif
#endif
       :: else
       fi
     }
     if
     :: f == NOFRAME -> trap(va, 1)
     :: else
     fi
  od;
  f = 0
}

/* Another task that reads what was stored before it began reads that or newer. */
inline load(va) {
  atomic { floor = seen[IDX(va)]; age = epoch[IDX(va)] }
  do
  :: sig || f != NOFRAME -> break
  :: else ->
     atomic {
       access(va, 0);
       if
       :: f != NOFRAME -> assert(age != epoch[IDX(va)] || mem[f] >= floor || I47); floor = 0; age = 0
       :: else
       fi
     }
     if
     :: f == NOFRAME -> trap(va, 0)
     :: else
     fi
  od;
  f = 0; floor = 0; age = 0
}

/* A program's own clwb and sfence after a store, which MAP_SYNC makes enough. */
inline persist(va) {
  atomic {
    if
    :: IS_BLK(T(t, va).pfn) && blkmap[IDX(va)] == T(t, va).pfn ->
       pm[T(t, va).pfn] = mem[T(t, va).pfn]; synced[IDX(va)] = mem[T(t, va).pfn]
    :: else
    fi
  }
}

#if NTASK == 2
#define NO_TLB(mm_, va_, w_) !(HELD(0, mm_, va_, w_) || HELD(1, mm_, va_, w_))
#elif NTASK == 3
#define NO_TLB(mm_, va_, w_) !(HELD(0, mm_, va_, w_) || HELD(1, mm_, va_, w_) || HELD(2, mm_, va_, w_))
#else
#define NO_TLB(mm_, va_, w_) !(HELD(0, mm_, va_, w_) || HELD(1, mm_, va_, w_) || HELD(2, mm_, va_, w_) || HELD(3, mm_, va_, w_))
#endif
#define HELD(c_, mm_, va_, w_) (MM_OF(c_) == (mm_) && T(c_, va_).pfn != NOFRAME && (!(w_) || T(c_, va_).write))

/* A block may go back to the allocator when no leaf and no TLB entry leads to it. */
inline free_block(i) {
  atomic {
    u = 0;
    do
    :: u < NMM * NVA ->
       assert(IDX(u % NVA) != (i) || !IS_BLK(pte[u].pfn) || I16);
       u++
    :: else -> break
    od;
    u = 0;
    do
    :: u < NTASK * NVA ->
       assert(IDX(u % NVA) != (i) || !IS_BLK(tlb[u].pfn) || I16);
       u++
    :: else -> break
    od;
    u = 0;
    blkmap[i] = NOFRAME; jmap[i] = NOFRAME; mem[BLK(i)] = STALE; pm[BLK(i)] = STALE;
    epoch[i]++; seen[i] = 0; synced[i] = 0
  }
}

/* fallocate(PUNCH_HOLE) with size = NIDX, ftruncate(size) otherwise. */
inline remove_page(i, size) {
  sb_start_write();
  inode_lock();
  mtime_updated();
  invalidate_lock();
  atomic { i_size = size; epoch[i]++ }
#ifdef FREE_BEFORE_UNMAP
  free_block(i);
#endif
  unmap_mapping_pages(i);
  dax_invalidate_entry(i, 1);
#ifndef FREE_BEFORE_UNMAP
  free_block(i);
#endif
  invalidate_unlock();
  inode_unlock();
  sb_end_write()
}
inline punch_hole(i) { remove_page(i, NIDX) }
inline truncate(i) { remove_page(i, i) }

/* write(2) of one whole page: dax_iomap_rw. */
inline write_file(i) {
  sb_start_write();
  inode_lock();
  mtime_updated();
  d_step {
    if
    :: blkmap[i] == NOFRAME -> blkmap[i] = BLK(i); mem[BLK(i)] = 0; pm[BLK(i)] = 0; held = 1
    :: else
    fi
  }
  if
  :: held ->                                        /* IOMAP_F_NEW: invalidate_inode_pages2_range */
     atomic { held = 0; invalidating = 1 }
     dax_invalidate_entry(i, 0);
     unmap_mapping_pages(i);
     invalidating = 0
  :: else
  fi;
  atomic { clk++; mem[BLK(i)] = clk; pm[BLK(i)] = clk }
  atomic { seen[i] = clk }
  inode_unlock();
  sb_end_write()
}

inline munmap(va) {
  atomic { owed = mtime_owed }
  mmap_write_lock();
  vm_mapped[MM * NVA + (va)] = 0;
#ifdef CMTIME_ON_DAX
  atomic { if :: P(MM, va).dirty -> as_cmtime = 1 :: else fi }
#endif
  zap_leaf(MM, va);
  mapping_flush_cmtime();
  atomic {
    assert((P(MM, va).pfn == NOFRAME && NO_TLB(MM, va, 0)) || I5);
    assert(owed == 0 || owed != mtime_owed || I36);
    owed = 0
  }
  mmap_write_unlock()
}

inline mprotect_ro(va) {
  mmap_write_lock();
  vm_write[MM] = 0;
  atomic {
    !ptl[MM] ->
    tlb_flush_pending[MM]++;
    if
    :: P(MM, va).write -> P(MM, va).write = 0; got = 1
    :: else
    fi
  }
#ifdef MPROTECT_NO_FLUSH
  atomic { got = 0; tlb_flush_pending[MM]-- }
#else
  finish_gather(MM, va);
#endif
  atomic { assert((!P(MM, va).write && NO_TLB(MM, va, 1)) || I5) }
  mmap_write_unlock()
}

/* can_change_pte_writable: a dirty shared leaf becomes writable without a fault. */
inline mprotect_rw(va) {
  mmap_write_lock();
  vm_write[MM] = 1;
  atomic {
    !ptl[MM] ->
    if
#ifdef MPROTECT_CLEAN_WRITABLE
    :: IS_BLK(P(MM, va).pfn) -> P(MM, va).write = 1
#else
    :: IS_BLK(P(MM, va).pfn) && P(MM, va).dirty -> P(MM, va).write = 1
#endif
    :: else
    fi
  }
  mmap_write_unlock()
}

#ifdef HAS_MREMAP
/* mremap from address 0 to address 1: move_ptes. */
inline mremap() {
  mmap_write_lock();
  vm_mapped[MM * NVA + 1] = 1;
  atomic {
    !ptl[MM] -> ptl[MM] = 1;
    P(MM, 1).pfn = P(MM, 0).pfn; P(MM, 1).write = P(MM, 0).write; P(MM, 1).dirty = P(MM, 0).dirty;
    clear_leaf(MM, 0)
  }
#ifdef MREMAP_FLUSH_LATE
  ptl[MM] = 0;
  flush_tlb_page(MM, 0);
#else
  flush_tlb_page(MM, 0);
  ptl[MM] = 0;
#endif
  vm_mapped[MM * NVA] = 0;
  mmap_write_unlock()
}
#endif

inline madvise_dontneed(va) {
  mmap_read_lock();
  zap_leaf(MM, va);
  mmap_read_unlock()
}

/* /proc/sys/vm/drop_caches: invalidate_mapping_pages, which leaves entries of DAX alone. */
inline drop_caches(i) {
#ifdef EVICT_CLEAN
  atomic {
    if
    :: ent[i].kind != ABSENT && !ent[i].locked && !ent[i].dirty && !ent[i].towrite -> ent[i].kind = ABSENT
    :: else
    fi
  }
#else
  skip
#endif
}

/* freeze_super, for a file system of one file with one page. */
inline freeze() {
  frozen = 1;
  sb_writers == 0;
  frozen = 2;
  sb_pagefaults == 0;
#ifndef FREEZE_WITHOUT_SYNC
  vfs_fsync(0);
#endif
  frozen = 3
}
inline thaw() { frozen = 0 }
