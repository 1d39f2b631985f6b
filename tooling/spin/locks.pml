/*
 * What a file's operations hold: the inode lock, the freeze levels of the superblock, the invalidate lock, and the
 * lock of each mapping entry with its queue of exclusive waiters. Lock order: mmap_lock, sb_pagefault,
 * invalidate_lock, entry lock, file system, ptl.
 */
mtype = { ABSENT, EMPTY, ZERO, BLOCK };
typedef entry_t { mtype kind = ABSENT; bit locked; bit dirty; bit towrite }
entry_t ent[NIDX];
chan wq[NIDX] = [NTASK] of { byte };  /* first come, first woken */
bit woken[NTASK];

bit i_rwsem;
byte invalidate_readers;
bit invalidate_writer;
byte frozen;                          /* 0 not, 1 WRITE, 2 PAGEFAULT, 3 FS */
byte sb_writers;
byte sb_pagefaults;

byte blkmap[NIDX];                    /* the extent map in memory: a block, or NOFRAME for a hole */
byte jmap[NIDX];                      /* the same as a power failure would leave it */
bit unwritten[NIDX];
byte i_size = NIDX;                   /* in pages */

inline inode_lock() { atomic { !i_rwsem -> i_rwsem = 1 } }
inline inode_unlock() { i_rwsem = 0 }
inline sb_start_write() { atomic { frozen < 1 -> sb_writers++ } }
inline sb_end_write() { sb_writers-- }
#ifdef NO_PAGEFAULT_PROTECTION
inline sb_start_pagefault() { skip }
inline sb_end_pagefault() { skip }
#else
inline sb_start_pagefault() { atomic { frozen < 2 -> sb_pagefaults++ } }
inline sb_end_pagefault() { sb_pagefaults-- }
#endif
#ifdef NO_INVALIDATE_LOCK
inline invalidate_lock_shared() { skip }
inline invalidate_unlock_shared() { skip }
#else
inline invalidate_lock_shared() { atomic { !invalidate_writer -> invalidate_readers++ } }
inline invalidate_unlock_shared() { invalidate_readers-- }
#endif
inline invalidate_lock() { atomic { !invalidate_writer && invalidate_readers == 0 -> invalidate_writer = 1 } }
inline invalidate_unlock() { invalidate_writer = 0 }

#define WAKE_NEXT 0
#ifdef WAKE_ONE_ON_INVALIDATION
#define WAKE_ALL 0
#else
#define WAKE_ALL 1
#endif

/* dax_wake_entry: a waiter leaves the queue as it is woken. */
inline dax_wake_entry(i, all) {
  do
  :: nempty(wq[i]) ->
     wq[i]?x; woken[x] = 1; x = 0;
     if
     :: all -> skip
     :: else -> break
     fi
  :: empty(wq[i]) -> break
  od
}

/* get_unlocked_entry: inside an `atomic`, which stands for xa_lock; sleeping gives it up and waking takes it again. */
inline get_unlocked_entry(i) {
#ifndef NO_ENTRY_LOCK
  do
  :: ent[i].locked -> wq[i]!t; woken[t]; woken[t] = 0
  :: else -> break
  od
#else
  skip
#endif
}

/* put_unlocked_entry: who was woken and does not take the lock passes the wake-up on, if there still is an entry. */
inline put_unlocked_entry(i) {
  if
#ifdef PUT_UNLOCKED_INVERTED
  :: ent[i].kind == ABSENT -> dax_wake_entry(i, WAKE_NEXT)
#else
  :: ent[i].kind != ABSENT -> dax_wake_entry(i, WAKE_NEXT)
#endif
  :: else
  fi
}

inline dax_unlock_entry(i) {
#ifndef NO_ENTRY_LOCK
  atomic { assert(ent[i].locked || I38); ent[i].locked = 0 }
  atomic { dax_wake_entry(i, WAKE_NEXT) }
#else
  skip
#endif
}

/* grab_mapping_entry for an order-0 request. */
inline grab_mapping_entry(i) {
  atomic {
    get_unlocked_entry(i);
    if
    :: ent[i].kind == ABSENT -> ent[i].kind = EMPTY
    :: else
    fi;
#ifndef NO_ENTRY_LOCK
    ent[i].locked = 1
#endif
  }
}

/* __dax_invalidate_entry; `trunc` removes even what is tagged. */
inline dax_invalidate_entry(i, trunc) {
  atomic {
    get_unlocked_entry(i);
    if
    :: ent[i].kind == ABSENT -> skip
    :: ent[i].kind != ABSENT && !(trunc) && (ent[i].dirty || ent[i].towrite) -> dax_wake_entry(i, WAKE_ALL)
    :: else ->
       ent[i].kind = ABSENT; ent[i].dirty = 0; ent[i].towrite = 0;
       dax_wake_entry(i, WAKE_ALL)
    fi
  }
}
