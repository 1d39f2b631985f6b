/*
 * The machine: frames, page tables, TLBs, interrupts between CPUs, reader-writer semaphores.
 *
 * Task t runs on CPU t and nowhere else. A file has NIDX pages; page i, once allocated, lies in block BLK(i).
 * A byte of content is a version: each store writes a number larger than all before it, so that "at least as new as"
 * is a comparison. A statement is a step: what stands between two statements of an `atomic` is not seen by others.
 */
#ifndef NIDX
#define NIDX 1
#endif
#ifdef HAS_MREMAP
#define NVA 2          /* address 0 and the place it is moved to, both of page 0 */
#define IDX(va) 0
#else
#define NVA NIDX
#define IDX(va) (va)
#endif
#ifdef TWO_PROCESSES
#define NMM 2
#define MM_OF(t) ((t) != 0)
#else
#define NMM 1
#define MM_OF(t) 0
#endif

/* Frames. */
#define NOFRAME 0
#define ZPFN 1                       /* the zero page */
#define BLK(i) (2 + (i))             /* blocks of the device */
#define IS_BLK(f) ((f) >= 2 && (f) < 2 + NIDX)
#define ANON(t) (2 + NIDX + (t))     /* private copies, one a task */
#define NFRAME (2 + NIDX + NTASK)
#define STALE 200                    /* what a block held before it was allocated to this file */

byte clk;                            /* the newest version */
byte mem[NFRAME];                    /* content as CPUs see it */
byte pm[NFRAME];                     /* content that survives a power failure */

typedef pte_t { byte pfn; bit write; bit dirty }
pte_t pte[NMM * NVA];
pte_t tlb[NTASK * NVA];
bit ipi[NTASK * NVA];                /* CPU c was asked to forget address va, and has not answered */
bit ptl[NMM];
byte tlb_flush_pending[NMM];         /* mmu gathers under way */

bit vm_mapped[NMM * NVA];
bit vm_write[NMM];
byte mmap_readers[NMM];
bit mmap_writer[NMM];

#define P(mm_, va_) pte[(mm_) * NVA + (va_)]
#define T(c_, va_) tlb[(c_) * NVA + (va_)]
#define MM MM_OF(t)

inline mmap_read_lock() { atomic { !mmap_writer[MM] -> mmap_readers[MM]++ } }
inline mmap_read_unlock() { mmap_readers[MM]-- }
inline mmap_write_lock() { atomic { !mmap_writer[MM] && mmap_readers[MM] == 0 -> mmap_writer[MM] = 1 } }
inline mmap_write_unlock() { mmap_writer[MM] = 0 }

inline clear_leaf(mm_, va_) { P(mm_, va_).pfn = NOFRAME; P(mm_, va_).write = 0; P(mm_, va_).dirty = 0 }
inline clear_tlb(c_, va_) { T(c_, va_).pfn = NOFRAME; T(c_, va_).write = 0; T(c_, va_).dirty = 0 }

#define ANSWERED(c_, mm_, va_) (MM_OF(c_) != (mm_) || !ipi[(c_) * NVA + (va_)])
#if NTASK == 2
#define NO_IPI(mm_, va_) (ANSWERED(0, mm_, va_) && ANSWERED(1, mm_, va_))
#elif NTASK == 3
#define NO_IPI(mm_, va_) (ANSWERED(0, mm_, va_) && ANSWERED(1, mm_, va_) && ANSWERED(2, mm_, va_))
#else
#define NO_IPI(mm_, va_) (ANSWERED(0, mm_, va_) && ANSWERED(1, mm_, va_) && ANSWERED(2, mm_, va_) && ANSWERED(3, mm_, va_))
#endif

/* flush_tlb_page: forgets at home, interrupts the others that run this mm, waits for all answers. A CPU that holds
 * nothing for the address has nothing to answer. */
inline flush_tlb_page(mm_, va_) {
  d_step {
    c = 0;
    do
    :: c < NTASK ->
       if
       :: MM_OF(c) == (mm_) && c == t -> clear_tlb(c, va_)
       :: MM_OF(c) == (mm_) && c != t && T(c, va_).pfn != NOFRAME -> ipi[c * NVA + (va_)] = 1
       :: else
       fi;
       c++
    :: else -> break
    od;
    c = 0
  }
  NO_IPI(mm_, va_)
}

/* One leaf of zap_page_range: cleared under ptl, flushed when the gather ends, which is after ptl was dropped: a leaf of DAX
 * has no struct page, so the flush that zap_pte_range makes for dirty pages of the page cache does not happen. A gather that
 * found nothing flushes only if another is under way (mm_tlb_flush_nested). */
inline zap_leaf(mm_, va_) {
  atomic {
    !ptl[mm_] ->
    tlb_flush_pending[mm_]++;
    if
    :: P(mm_, va_).pfn != NOFRAME ->
       clear_leaf(mm_, va_);
#ifdef ZAP_FLUSHES_UNDER_PTL
       ptl[mm_] = 1;
#endif
       got = 1
    :: else
    fi
  }
#ifdef ZAP_FLUSHES_UNDER_PTL
  if
  :: got -> flush_tlb_page(mm_, va_); ptl[mm_] = 0
  :: else
  fi;
#endif
  finish_gather(mm_, va_)
}

inline finish_gather(mm_, va_) {
  if
  :: got || tlb_flush_pending[mm_] > 1 -> flush_tlb_page(mm_, va_)
  :: else
  fi;
  atomic { got = 0; tlb_flush_pending[mm_]-- }
}

/* The interrupt handler of CPU c. It comes between two instructions of the program, and inside the kernel too. */
proctype interrupts(byte c) {
  byte va;
end:
  do
  :: atomic { ipi[c * NVA] -> clear_tlb(c, 0); ipi[c * NVA] = 0 }
#if NVA > 1
  :: atomic { ipi[c * NVA + 1] -> clear_tlb(c, 1); ipi[c * NVA + 1] = 0 }
#endif
  od
}
