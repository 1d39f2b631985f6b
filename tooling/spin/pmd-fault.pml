/*
 * Huge leaves beside small ones: a file of two pages that one PMD covers (512 in life), all of it allocated. What
 * write-fault.pml says of TLBs, content and times is left out; what it leaves out of orders is said here: entries of two
 * sizes, conflicts and downgrades, the wait queues' keys, a PMD slot that is empty, a table or a huge leaf.
 */
#define NPTE 2
mtype = { ABSENT, EMPTY, ZERO, BLOCK };
mtype = { NONE, TABLE, HUGE };          /* a PMD slot */
mtype = { GO_ON, FALLBACK, DONE };      /* what a handler of the PMD level said */

#if defined(PROGRAM_PRIVATE_READER_AND_WRITER)
#define PRIVATE
#define TASK0 access(0, 0, 0)
#define TASK1 access(1, 1, 0)
#elif defined(PROGRAM_SMALL_AND_HUGE)
#define TASK0 access(1, 0, 1); access(1, 1, 1)
#define TASK1 access(0, 1, 0)
#elif defined(PROGRAM_HUGE_WRITER_AND_FSYNC)
#define TASK0 access(0, 1, 0); fsync(); access(0, 1, 0)
#define TASK1 access(1, 1, 0)
#else
#error "no program: define one of PROGRAM_…"
#endif

#ifdef CHECK_ALL
#define CHECK_I18
#define CHECK_I19
#endif
#ifdef CHECK_I18
bit I18 = 0;
#else
bit I18 = 1;
#endif
#ifdef CHECK_I19
bit I19 = 0;
#else
bit I19 = 1;
#endif

typedef entry_t { mtype kind = ABSENT; bit pmd; bit locked; bit dirty }
entry_t ent[NPTE];                      /* an entry of PMD size lies in slot 0 */
chan wq[NPTE] = [2] of { byte };
bit woken[2];
typedef leaf_t { mtype kind = NONE; bit write }
#ifdef PRIVATE
#define MM 0                            /* two threads */
#else
#define MM t                            /* two processes: a VMA that holds a whole PMD, and one that does not */
#endif
leaf_t pmd[2];
byte pte[4];                            /* 0 none, 1 read-only, 2 writable */
#define PTE(m, i) pte[(m) * NPTE + (i)]

#define SLOT(i) (ent[0].kind != ABSENT && ent[0].pmd -> 0 : (i))

inline dax_wake_entry(i, all) {
  do
  :: nempty(wq[i]) -> wq[i]?x; woken[x] = 1; x = 0; if :: all -> skip :: else -> break fi
  :: empty(wq[i]) -> break
  od
}

/* Sleeps under the key of the entry; with WAIT_KEY_ROUNDED a PMD fault rounds its index even when it waits for a small one. */
inline wait_for_entry(i, huge) {
#ifdef WAIT_KEY_ROUNDED
  if
  :: huge -> wq[0]!t
  :: else -> wq[SLOT(i)]!t
  fi;
#else
  wq[SLOT(i)]!t;
#endif
  woken[t];
  woken[t] = 0
}

inline dax_unlock_entry(i) {
  atomic { s = SLOT(i); ent[s].locked = 0; dax_wake_entry(s, 0); s = 0 }
}

/* grab_mapping_entry of order 9: a smaller entry in the range is a conflict. Only one small entry exists here, that of page 1. */
inline grab_pmd_entry() {
  atomic {
    do
    :: ent[0].kind != ABSENT && ent[0].pmd && ent[0].locked -> wait_for_entry(0, 1)
#ifdef WAIT_KEY_ROUNDED
    :: ent[1].kind != ABSENT && ent[1].locked -> wait_for_entry(1, 1)
    :: ent[1].kind != ABSENT && !ent[1].locked -> r = FALLBACK; break
#elif !defined(PMD_IGNORES_PTE_ENTRIES)
    :: ent[1].kind != ABSENT || (ent[0].kind != ABSENT && !ent[0].pmd) -> r = FALLBACK; break
#endif
    :: else ->
       if
       :: ent[0].kind == ABSENT -> ent[0].kind = EMPTY; ent[0].pmd = 1
       :: else
       fi;
       ent[0].locked = 1; r = GO_ON;
       break
    od
  }
}

/* grab_mapping_entry of order 0: an empty or zero entry of PMD size is replaced, its leaves unmapped first and everybody woken. */
inline grab_pte_entry(i) {
  atomic {
    do
    :: ent[SLOT(i)].locked -> wait_for_entry(i, 0)
    :: else -> break
    od;
    if
    :: ent[0].kind != ABSENT && ent[0].pmd && ent[0].kind != BLOCK ->
       ent[0].kind = ABSENT; ent[0].pmd = 0; ent[0].dirty = 0;
       dax_wake_entry(0, 1)
    :: else
    fi;
    if
    :: ent[SLOT(i)].kind == ABSENT -> ent[i].kind = EMPTY
    :: else
    fi;
    ent[SLOT(i)].locked = 1
  }
}

inline dax_iomap_pmd_fault(wr, small) {
#ifdef PRIVATE
  if
  :: wr ->                                         /* split_huge_pmd */
     atomic {
       if
       :: pmd[MM].kind == HUGE -> pmd[MM].kind = NONE; pmd[MM].write = 0
       :: else
       fi;
       r = FALLBACK
     }
  :: else -> grab_pmd_entry()
  fi;
#else
  if
  :: small -> r = FALLBACK
  :: else -> grab_pmd_entry()
  fi;
#endif
  if
  :: r == GO_ON ->
#ifndef NO_PMD_RECHECK
     if
     :: atomic { pmd[MM].kind == TABLE -> r = DONE }
     :: atomic { pmd[MM].kind != TABLE }
     fi;
#endif
     if
     :: r == GO_ON ->
        atomic { ent[0].kind = BLOCK; if :: wr -> ent[0].dirty = 1 :: else fi }
        atomic {                                   /* vmf_insert_pfn_pmd, under pmd_lock */
          assert(pmd[MM].kind != TABLE || I18);
          pmd[MM].kind = HUGE;
          if :: wr -> pmd[MM].write = 1 :: else fi
        }
        r = DONE
     :: else
     fi;
     dax_unlock_entry(0)
  :: else
  fi
}

inline dax_iomap_pte_fault(i, wr) {
  grab_pte_entry(i);
#ifndef NO_PMD_RECHECK
  if
  :: atomic { pmd[MM].kind == HUGE -> r = DONE }
  :: atomic { pmd[MM].kind != HUGE }
  fi;
#endif
  if
  :: r != DONE ->
#ifndef PRIVATE
     atomic { s = SLOT(i); ent[s].kind = BLOCK; if :: wr -> ent[s].dirty = 1 :: else fi; s = 0 }
#endif
     atomic {                                      /* get_locked_pte */
       assert(pmd[MM].kind != HUGE || I18);
       pmd[MM].kind = TABLE;
       PTE(MM, i) = (wr -> 2 : 1)
     }
  :: else
  fi;
  dax_unlock_entry(i)
}

/* An instruction: traps until its leaf allows it. `small` says that the VMA does not hold the whole PMD. */
inline access(i, wr, small) {
  do
  :: atomic { pmd[MM].kind == HUGE && (!wr || pmd[MM].write) -> break }
  :: atomic { pmd[MM].kind == TABLE && PTE(MM, i) > wr -> break }
  :: atomic { !(pmd[MM].kind == HUGE && (!wr || pmd[MM].write)) && !(pmd[MM].kind == TABLE && PTE(MM, i) > wr) -> o = pmd[MM].kind }
     if
     :: o == TABLE -> r = FALLBACK
     :: else -> dax_iomap_pmd_fault(wr, small)
     fi;
     if
     :: r == FALLBACK -> dax_iomap_pte_fault(i, wr)
     :: else
     fi;
     atomic { r = GO_ON; o = NONE }
  od;
  o = NONE
}

/* dax_writeback_one of the entry of PMD size, if that is what there is. */
inline fsync() {
  atomic {
    do
    :: ent[0].kind != ABSENT && ent[0].dirty && ent[0].locked -> wait_for_entry(0, 0)
    :: ent[0].kind != ABSENT && ent[0].dirty && !ent[0].locked -> ent[0].locked = 1; r = DONE; break
    :: else -> break
    od
  }
  if
  :: r == DONE ->
     x = 0;
     do
     :: x < 2 ->
        atomic {
#ifndef MKCLEAN_PTES_ONLY
          if :: pmd[x].kind == HUGE -> pmd[x].write = 0 :: else fi;
#endif
          if :: PTE(x, 0) == 2 -> PTE(x, 0) = 1 :: else fi;
          if :: PTE(x, 1) == 2 -> PTE(x, 1) = 1 :: else fi;
          x++
        }
     :: else -> break
     od;
     atomic { x = 0; ent[0].dirty = 0; r = GO_ON }
     dax_unlock_entry(0)
  :: else
  fi
}

#define UNTAGGED(m) (pmd[m].kind == HUGE && pmd[m].write && !ent[0].dirty && !ent[0].locked)
proctype invariants() {
end:
  if
  :: atomic { ent[0].kind != ABSENT && ent[0].pmd && ent[1].kind != ABSENT -> assert(I18) }
  :: atomic { UNTAGGED(0) || UNTAGGED(1) -> assert(I19) }
  fi
}

proctype task(byte t) {
  byte x, s;
  mtype o = NONE, r = GO_ON;
  if
  :: t == 0 -> TASK0
  :: t == 1 -> TASK1
  fi
}

init {
#ifdef PMD_ENTRY_PRESENT
  d_step { ent[0].kind = BLOCK; ent[0].pmd = 1 }   /* another process has read the file */
#endif
  atomic { run invariants(); run task(0); run task(1) }
}
