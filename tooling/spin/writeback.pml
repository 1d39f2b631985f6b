/* fsync: tagging, dax_writeback_one with its write-protection of every mapping, the flush, the deferred times, the journal. */
/* pfn_mkclean_range */
inline pfn_mkclean_range(i) {
  u = 0;
  do
#ifdef MKCLEAN_NONE
  :: u < 0 ->
#elif defined(MKCLEAN_FIRST_VMA)
  :: u < NVA ->
#else
  :: u < NMM * NVA ->
#endif
     atomic {
       !ptl[u / NVA] ->
       if
#ifdef MKCLEAN_TESTS_DIRTY_ONLY
       :: IDX(u % NVA) == (i) && IS_BLK(pte[u].pfn) && pte[u].dirty ->
#else
       :: IDX(u % NVA) == (i) && IS_BLK(pte[u].pfn) && (pte[u].write || pte[u].dirty) ->
#endif
          ptl[u / NVA] = 1;
          clear_leaf(u / NVA, u % NVA);
          got = 1
       :: else
       fi
     }
     if
     :: got ->
        flush_tlb_page(u / NVA, u % NVA);
        atomic {
          pte[u].pfn = BLK(i); ptl[u / NVA] = 0; got = 0;
#ifdef CMTIME_ON_DAX
          as_cmtime = 1
#endif
        }
     :: else
     fi;
     u++
  :: else -> break
  od;
  atomic { u = 0; mtime_covered = 0 }
}

#define CLEAN_AND_FLUSHED(i) assert(!SOME(W_BLOCK) && (pm[BLK(i)] == mem[BLK(i)] || ent[i].kind != BLOCK) || I21)

inline dax_writeback_one(i) {
  atomic {
    if
    :: ent[i].kind != ABSENT && ent[i].towrite ->
       if
#ifdef SKIP_LOCKED
       :: ent[i].locked -> skip
#else
       :: ent[i].locked ->
          old = ent[i].kind;
          get_unlocked_entry(i);
          if
          :: ent[i].kind == ABSENT || ent[i].kind != old -> put_unlocked_entry(i)    /* punched out, or another pfn */
          :: ent[i].kind == old && old != BLOCK -> assert(I22); put_unlocked_entry(i)   /* WARN, -EIO */
          :: ent[i].kind == old && old == BLOCK && !ent[i].towrite -> put_unlocked_entry(i)
          :: else -> held = 1
          fi;
          old = 0
#endif
       :: else -> held = 1
       fi
    :: else
    fi;
    if
    :: held ->
#ifndef NO_ENTRY_LOCK
       ent[i].locked = 1;
       flushing[i] = 1;
#endif
#ifndef TOWRITE_CLEARED_LAST
       ent[i].towrite = 0
#endif
    :: else
    fi
  }
  if
  :: held ->
#ifdef NO_ENTRY_LOCK
     atomic { pm[BLK(i)] = mem[BLK(i)] }
#else
#ifdef CLEAR_DIRTY_BEFORE_FLUSH
     atomic { CLEAN_AND_FLUSHED(i); ent[i].dirty = 0 }
#endif
#ifdef FLUSH_BEFORE_MKCLEAN
     atomic { pm[BLK(i)] = mem[BLK(i)] }
     pfn_mkclean_range(i);
#else
     pfn_mkclean_range(i);
     atomic { pm[BLK(i)] = mem[BLK(i)] }
#endif
     atomic {
       CLEAN_AND_FLUSHED(i);
       ent[i].locked = 0; ent[i].dirty = 0; flushing[i] = 0;
#ifdef TOWRITE_CLEARED_LAST
       ent[i].towrite = 0;
#endif
       dax_wake_entry(i, WAKE_NEXT)
     }
#endif
     held = 0
  :: else
  fi
}

/* Writeback of page i, the deferred times, the journal. */
inline vfs_fsync(i) {
  atomic { if :: ent[i].dirty -> ent[i].towrite = 1 :: else fi }     /* tag_pages_for_writeback */
  dax_writeback_one(i);
  mapping_flush_cmtime();
  jmap[i] = blkmap[i]
}

inline mapping_flush_cmtime() {
#ifdef DEFERRED_MTIME
  if
  :: atomic { as_cmtime -> as_cmtime = 0 } mtime_updated()
  :: else
  fi
#else
  skip
#endif
}

/* msync(MS_SYNC) and fsync(2), of a file of which only page i is of interest. */
inline fsync(i) {
  atomic {
    age = epoch[i]; owed = mtime_owed;
    if
    :: blkmap[i] != NOFRAME && mem[BLK(i)] != STALE -> floor = mem[BLK(i)]
    :: else
    fi
  }
  vfs_fsync(i);
  atomic {
    assert(age != epoch[i] || age % 2 == 1 || floor == 0 || (jmap[i] == BLK(i) && pm[BLK(i)] >= floor) || flushing[i] || I23);
    assert(age != epoch[i] || age % 2 == 1 || floor == 0 || pm[BLK(i)] >= floor || !flushing[i] || I24);
    assert(owed == 0 || owed != mtime_owed || I36);
    age = 0; floor = 0; owed = 0
  }
}
