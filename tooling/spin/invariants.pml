/*
 * Invariants, by the names that the project has for them: I1 to I52. In a variant that re-seeds a bug one is looked at
 * (-DCHECK_I19 …); in a run that has to hold all are (-DCHECK_ALL) but I24, which Linux does not keep (README.md). Each I…
 * below is 1 where the invariant is not looked at and 0 where it is, so that the verifier prints its name: "assertion
 * violated …||I23)".
 */
#ifdef CHECK_ALL
#define CHECK_I5
#define CHECK_I12
#define CHECK_I13
#define CHECK_I15
#define CHECK_I16
#define CHECK_I19
#define CHECK_I21
#define CHECK_I22
#define CHECK_I23
#define CHECK_I26
#define CHECK_I28
#define CHECK_I29
#define CHECK_I30
#define CHECK_I31
#define CHECK_I34
#define CHECK_I36
#define CHECK_I38
#define CHECK_I47
#endif
#ifdef CHECK_I5
bit I5 = 0;
#else
bit I5 = 1;
#endif
#ifdef CHECK_I12
bit I12 = 0;
#else
bit I12 = 1;
#endif
#ifdef CHECK_I13
bit I13 = 0;
#else
bit I13 = 1;
#endif
#ifdef CHECK_I15
bit I15 = 0;
#else
bit I15 = 1;
#endif
#ifdef CHECK_I16
bit I16 = 0;
#else
bit I16 = 1;
#endif
#ifdef CHECK_I19
bit I19 = 0;
#else
bit I19 = 1;
#endif
#ifdef CHECK_I21
bit I21 = 0;
#else
bit I21 = 1;
#endif
#ifdef CHECK_I22
bit I22 = 0;
#else
bit I22 = 1;
#endif
#ifdef CHECK_I23
bit I23 = 0;
#else
bit I23 = 1;
#endif
#ifdef CHECK_I24
bit I24 = 0;
#else
bit I24 = 1;
#endif
#ifdef CHECK_I26
bit I26 = 0;
#else
bit I26 = 1;
#endif
#ifdef CHECK_I28
bit I28 = 0;
#else
bit I28 = 1;
#endif
#ifdef CHECK_I29
bit I29 = 0;
#else
bit I29 = 1;
#endif
#ifdef CHECK_I30
bit I30 = 0;
#else
bit I30 = 1;
#endif
#ifdef CHECK_I31
bit I31 = 0;
#else
bit I31 = 1;
#endif
#ifdef CHECK_I34
bit I34 = 0;
#else
bit I34 = 1;
#endif
#ifdef CHECK_I36
bit I36 = 0;
#else
bit I36 = 1;
#endif
#ifdef CHECK_I38
bit I38 = 0;
#else
bit I38 = 1;
#endif
#ifdef CHECK_I47
bit I47 = 0;
#else
bit I47 = 1;
#endif

/* What programs were promised; none of it can be read by the kernel's side. */
byte seen[NIDX];                      /* the newest version whose store or write(2) has retired */
byte epoch[NIDX];                     /* counts beginnings and ends of punches and truncates: odd inside one */
byte synced[NIDX];                    /* the version that MAP_SYNC promised to survive */
bit mtime_covered;                    /* mtime was updated since the page was last clean, or since the store that
                                       * made a leaf writable began */
byte mtime_owed;                      /* the first store that no update covers, 0 if none */
bit mtime_since_ref[NTASK];           /* mtime was updated since this task's store began */
bit as_cmtime;                        /* Lutomirski's AS_CMTIME */
bit flushing[NIDX];                   /* a writeback holds the entry and has not finished */
bit invalidating;                     /* write(2) removes a clean entry first and its leaves after */

inline mtime_updated() {
#ifdef CHECK_I36
  d_step {
    mtime_covered = 1; mtime_owed = 0; c = 0;
    do
    :: c < NTASK -> mtime_since_ref[c] = 1; c++
    :: else -> break
    od;
    c = 0
  }
#else
  skip
#endif
}

/* A leaf became writable in a fault of task t. */
inline leaf_made_writable() {
#ifdef CHECK_I36
  mtime_covered = mtime_covered || mtime_since_ref[t];
#endif
#ifdef CMTIME_ON_DAX
  as_cmtime = 1
#else
  skip
#endif
}

#ifndef PRIVATE
#define BAD_LEAF(p, cond) (IS_BLK(p.pfn) && (cond))
#define W_UNTAGGED(p, i) BAD_LEAF(p, p.write && !ent[i].dirty && !ent[i].locked)
#define NO_ENTRY(p, i) BAD_LEAF(p, ent[i].kind != BLOCK && !ent[i].locked && !invalidating)
#else
#define W_UNTAGGED(p, i) false
#define NO_ENTRY(p, i) false
#endif
#define NO_BLOCK(p, i) (IS_BLK(p.pfn) && blkmap[i] != p.pfn)
#define W_BLOCK(p, i) (IS_BLK(p.pfn) && p.write)
#define W_ZERO(p, i) (p.pfn == ZPFN && p.write)
#define W_FROZEN(p, i) (frozen >= 3 && IS_BLK(p.pfn) && p.write)
#define W_UNCOMMITTED(p, i) (IS_BLK(p.pfn) && p.write && jmap[i] != p.pfn)
#if NMM * NVA == 1
#define SOME(bad) (bad(pte[0], 0))
#elif NMM * NVA == 2
#define SOME(bad) (bad(pte[0], IDX(0)) || bad(pte[1], (NMM == 2 -> IDX(0) : IDX(1))))
#else
#error "four leaves are not needed yet"
#endif

/* Looks at every state. The power failure is here as well: it may come at any step, so what would survive is a property
 * of each state. */
proctype invariants() {
end:
  if
#ifdef CHECK_I12
  :: atomic { SOME(W_ZERO) -> assert(I12) }
#endif
#if defined(CHECK_I13) && !defined(NO_ENTRY_LOCK)
  :: atomic { SOME(NO_ENTRY) -> assert(I13) }
#endif
#ifdef CHECK_I15
  :: atomic { SOME(NO_BLOCK) -> assert(I15) }
#endif
#ifdef CHECK_I19
  :: atomic { SOME(W_UNTAGGED) -> assert(I19) }
#endif
#if defined(CHECK_I26) && defined(MAP_SYNC)
  :: atomic { SOME(W_UNCOMMITTED) -> assert(I26) }
  :: atomic { synced[0] != 0 && (jmap[0] == NOFRAME || pm[BLK(0)] < synced[0]) -> assert(I26) }
#endif
#ifdef CHECK_I28
  :: atomic { jmap[0] != NOFRAME && !unwritten[0] && pm[BLK(0)] == STALE -> assert(I28) }
#endif
#ifdef CHECK_I34
  :: atomic { SOME(W_FROZEN) -> assert(I34) }
#endif
  :: atomic { false -> skip }
  fi
}
