/*
 * The write fault of a shared DAX mapping: what hardware does, do_user_addr_fault, handle_pte_fault, the file system's
 * handler, dax_iomap_pte_fault, insert_pfn, writeback's other half being in file.pml.
 *
 * Strategies: STRATEGY_RETRY inserts a read-only leaf and lets a second fault run pfn_mkwrite (4.5 … 4.13);
 * STRATEGY_INSERT_WRITABLE inserts a writable, clean leaf and upgrades nothing (the seed of 2016);
 * STRATEGY_FALLTHROUGH goes on to the write-protect logic in the same fault (Lutomirski); otherwise mkwrite (4.14 on).
 */
#if defined(STRATEGY_RETRY) || defined(STRATEGY_INSERT_WRITABLE) || defined(STRATEGY_FALLTHROUGH)
#define HAS_PFN_MKWRITE
#endif

inline file_update_time() {
#ifndef DEFERRED_MTIME
  mtime_updated()
#else
  skip
#endif
}

/* ext4_iomap_begin and its like. A block is zeroed and flushed before the map shows it. */
inline iomap_begin(i, wr) {
  d_step {
    if
    :: (wr) && blkmap[i] == NOFRAME ->
       blkmap[i] = BLK(i);
#ifdef ZERO_AT_FAULT
       mem[BLK(i)] = STALE; pm[BLK(i)] = STALE;
#ifdef UNWRITTEN_EXTENTS
       unwritten[i] = 1;
#endif
       isnew = 1
#else
       mem[BLK(i)] = 0; pm[BLK(i)] = 0
#endif
    :: else
    fi;
    blk = blkmap[i];
#if defined(ZERO_AT_FAULT) && defined(UNWRITTEN_EXTENTS)
    isnew = isnew || unwritten[i];
    if
    :: !(wr) && unwritten[i] -> blk = NOFRAME
    :: else
    fi;
#endif
#ifdef MAP_SYNC
    sync = (wr) && jmap[i] != blkmap[i];
#endif
  }
}

/* unmap_mapping_pages(i, 1): each VMA in turn, its TLBs flushed before the next. */
inline unmap_mapping_pages(i) {
  u = 0;
  do
  :: u < NMM * NVA ->
     if
     :: IDX(u % NVA) == (i) -> zap_leaf(u / NVA, u % NVA)
     :: else
     fi;
     u++
  :: else -> break
  od;
  u = 0
}

inline dax_tag_dirty(i, wr) {
#ifdef READ_FAULT_TAGS_DIRTY
  if :: !sync -> ent[i].dirty = 1 :: else fi
#else
  if :: (wr) && !sync -> ent[i].dirty = 1 :: else fi
#endif
}

inline dax_insert_entry(i, newkind, wr) {
  if
  :: ent[i].kind == ZERO && newkind == BLOCK -> unmap_mapping_pages(i)
  :: else
  fi;
  atomic {
    if
    :: ent[i].kind != BLOCK -> ent[i].kind = newkind
    :: else
    fi;
#ifndef TAG_AFTER_INSERT
    dax_tag_dirty(i, wr)
#endif
  }
}

/* insert_pfn: a leaf that is there stays, but mkwrite upgrades one of the same frame. */
inline insert_pfn(va, frame, mkwrite, w, d) {
  atomic {
    !ptl[MM] ->
    if
    :: P(MM, va).pfn == NOFRAME ->
       P(MM, va).pfn = frame; P(MM, va).write = (w); P(MM, va).dirty = (d);
       if :: (w) -> leaf_made_writable() :: else fi
    :: P(MM, va).pfn != NOFRAME && (mkwrite) && P(MM, va).pfn == frame ->
       P(MM, va).write = 1; P(MM, va).dirty = 1;
       leaf_made_writable()
    :: else
    fi
  }
}

inline insert_block(va, wr) {
#if defined(STRATEGY_RETRY) || defined(STRATEGY_FALLTHROUGH)
  insert_pfn(va, blk, 0, 0, 0)
#elif defined(STRATEGY_INSERT_WRITABLE)
  insert_pfn(va, blk, 0, wr, 0)
#else
  insert_pfn(va, blk, wr, wr, wr)
#endif
}

/* The file system's fault handler around dax_iomap_pte_fault. */
inline dax_fault(va, wr) {
  if
  :: (wr) -> sb_start_pagefault(); file_update_time()
  :: else
  fi;
  invalidate_lock_shared();
  if
  :: IDX(va) >= i_size -> sig = 1
  :: else ->
#ifdef IOMAP_BEFORE_ENTRY
     iomap_begin(IDX(va), wr);
     grab_mapping_entry(IDX(va));
#else
     grab_mapping_entry(IDX(va));
     iomap_begin(IDX(va), wr);
#endif
     if
     :: blk == NOFRAME ->
        dax_insert_entry(IDX(va), ZERO, wr);
#ifdef ZERO_PAGE_WRITABLE
        insert_pfn(va, ZPFN, 0, vm_write[MM], 0)
#else
        insert_pfn(va, ZPFN, 0, 0, 0)
#endif
     :: else ->
#ifdef ZERO_AT_FAULT
        if
        :: isnew -> atomic { assert(mem[blk] == STALE || mem[blk] == 0 || I29); mem[blk] = 0; pm[blk] = 0 }
        :: else
        fi;
#endif
        dax_insert_entry(IDX(va), BLOCK, wr);
#ifdef SYNC_INSERT_EARLY
        insert_block(va, wr);
#else
        if
        :: !sync -> insert_block(va, wr)
        :: else
        fi;
#endif
#ifdef TAG_AFTER_INSERT
        atomic { dax_tag_dirty(IDX(va), wr) }
#endif
#if defined(ZERO_AT_FAULT) && defined(UNWRITTEN_EXTENTS)
        if
        :: isnew -> unwritten[IDX(va)] = 0
        :: else
        fi
#endif
     fi;
     blk = 0; isnew = 0;
     dax_unlock_entry(IDX(va));
#ifdef MAP_SYNC
     if
     :: sync -> dax_finish_sync_fault(va)
     :: else
     fi
#endif
  fi;
  invalidate_unlock_shared();
  if
  :: (wr) -> sb_end_pagefault()
  :: else
  fi
}

/* VM_FAULT_NEEDDSYNC was returned: commit, then insert. */
inline dax_finish_sync_fault(va) {
  sync = 0;
  vfs_fsync(IDX(va));
  atomic {
    get_unlocked_entry(IDX(va));
    if
    :: ent[IDX(va)].kind == ABSENT -> put_unlocked_entry(IDX(va))
    :: else -> ent[IDX(va)].dirty = 1; ent[IDX(va)].locked = 1; got = 1
    fi
  }
  if
  :: got -> insert_pfn(va, BLK(IDX(va)), 1, 1, 1); got = 0; dax_unlock_entry(IDX(va))
  :: else
  fi
}

/* dax_pfn_mkwrite and finish_mkwrite_fault of 4.10 … 4.13; with NO_ENTRY_LOCK those of 4.5. */
inline pfn_mkwrite(va) {
  sb_start_pagefault();
  file_update_time();
  invalidate_lock_shared();
  if
  :: IDX(va) >= i_size -> sig = 1
  :: else ->
#ifdef NO_ENTRY_LOCK
     /* NO_SECTOR: tags what it finds, and finding nothing is success. */
     atomic { if :: ent[IDX(va)].kind != ABSENT -> ent[IDX(va)].dirty = 1 :: else fi }
     got = 1
#else
     atomic {
       get_unlocked_entry(IDX(va));
       if
       :: ent[IDX(va)].kind == ABSENT -> put_unlocked_entry(IDX(va))
       :: else -> ent[IDX(va)].locked = 1; ent[IDX(va)].dirty = 1; got = 1
       fi
     }
     if
     :: got -> finish_mkwrite_fault(va); dax_unlock_entry(IDX(va))
     :: else
     fi;
     got = 0
#endif
  fi;
  invalidate_unlock_shared();
  sb_end_pagefault();
#ifdef NO_ENTRY_LOCK
  if
  :: got -> finish_mkwrite_fault(va)
  :: else
  fi;
  got = 0
#endif
}

inline finish_mkwrite_fault(va) {
  atomic {
    !ptl[MM] ->
    if
#ifdef NO_PTE_SAME
    :: true -> P(MM, va).pfn = o_pfn;
#else
    :: P(MM, va).pfn == o_pfn && !P(MM, va).write ->
#endif
       P(MM, va).write = 1; P(MM, va).dirty = 1;
       leaf_made_writable()
#ifndef NO_PTE_SAME
    :: else
#endif
    fi
  }
}

inline read_leaf(va) { atomic { o_pfn = P(MM, va).pfn; o_write = P(MM, va).write } }
#define FULL_FAULT_OVER_LEAF(wr) ((wr) && !o_write && (MKWRITE_IS_FAULT || o_pfn == ZPFN))
#ifdef HAS_PFN_MKWRITE
#define MKWRITE_IS_FAULT 0
#else
#define MKWRITE_IS_FAULT 1
#endif

inline handle_pte_fault(va, wr) {
  read_leaf(va);
  if
  :: o_pfn == NOFRAME || FULL_FAULT_OVER_LEAF(wr) ->
     dax_fault(va, wr);
     atomic {
       o_pfn = NOFRAME;
#ifdef STRATEGY_FALLTHROUGH
       if
       :: (wr) && !sig -> o_pfn = P(MM, va).pfn; o_write = P(MM, va).write
       :: else
       fi
#endif
     }
  :: else
  fi;
#ifdef HAS_PFN_MKWRITE
  if
  :: o_pfn != NOFRAME && o_pfn != ZPFN && (wr) && !o_write -> pfn_mkwrite(va)
  :: else
  fi;
#endif
  o_pfn = 0; o_write = 0
}
