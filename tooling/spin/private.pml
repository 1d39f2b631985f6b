/* Faults of a private mapping, and writing through /proc/self/mem with FOLL_FORCE. */
inline copy_to_anon() {
  d_step {
    if
    :: blkmap[0] == NOFRAME -> mem[ANON(t)] = 0
    :: else -> mem[ANON(t)] = mem[blkmap[0]]
    fi
  }
}

/* handle_pte_fault; `vm_fault_write` stands for VM_FAULT_WRITE, which the caller clears. */
inline handle_private_fault(va, wr) {
  atomic { o_pfn = P(MM, va).pfn; o_write = P(MM, va).write }
#ifdef MTIME_ON_PRIVATE
  if
  :: (wr) -> atomic { assert(I31) } file_update_time()
  :: else
  fi;
#endif
  if
  :: o_pfn == NOFRAME ->
     invalidate_lock_shared();
     grab_mapping_entry(0);
     if
     :: (wr) ->                                   /* do_cow_fault, dax_fault_cow_page */
        copy_to_anon();
        atomic {
          !ptl[MM] ->
          if
          :: P(MM, va).pfn == NOFRAME -> P(MM, va).pfn = ANON(t); P(MM, va).write = vm_write[MM]; P(MM, va).dirty = 1
          :: else
          fi
        }
     :: else ->
        iomap_begin(0, 0);
        if
        :: blk == NOFRAME -> dax_insert_entry(0, ZERO, 0); blk = ZPFN
        :: else -> dax_insert_entry(0, BLOCK, 0)
        fi;
#ifdef TOUCH_MARKS_DIRTY
        insert_pfn(va, blk, 0, 0, 1);
#else
        insert_pfn(va, blk, 0, 0, 0);
#endif
        blk = 0
     fi;
     dax_unlock_entry(0);
     invalidate_unlock_shared()
  :: o_pfn != NOFRAME && (wr) && !o_write && o_pfn < ANON(0) ->   /* wp_page_copy */
     copy_to_anon();
     atomic {
       !ptl[MM] ->
       if
       :: P(MM, va).pfn == o_pfn -> ptl[MM] = 1; clear_leaf(MM, va); got = 1
       :: else
       fi
     }
     if
     :: got ->
        flush_tlb_page(MM, va);
        atomic {
          P(MM, va).pfn = ANON(t); P(MM, va).write = vm_write[MM]; P(MM, va).dirty = 1;
          ptl[MM] = 0; got = 0; vm_fault_write = 1
        }
     :: else
     fi
  :: o_pfn >= ANON(0) && (wr) && !o_write ->       /* wp_page_reuse */
     atomic {
       !ptl[MM] ->
       if
       :: P(MM, va).pfn == o_pfn -> P(MM, va).dirty = 1; P(MM, va).write = vm_write[MM]; vm_fault_write = 1
       :: else
       fi
     }
  :: else
  fi;
  o_pfn = 0; o_write = 0
}

#ifdef GUP_EXCLUSIVE
#define CAN_FOLLOW_WRITE_PTE(p) (p.write || p.pfn >= ANON(0))
#else
#define CAN_FOLLOW_WRITE_PTE(p) (p.write || (foll_cow && p.dirty))
#endif

/* write(2) to /proc/self/mem: __get_user_pages with FOLL_WRITE | FOLL_FORCE, then a copy through the kernel's mapping. */
inline proc_mem_write(va) {
  foll_write = 1;
  do
  :: f != NOFRAME -> break
  :: else ->
     mmap_read_lock();
     atomic {                                     /* follow_page_pte, under ptl, takes a reference */
       !ptl[MM] ->
       if
       :: P(MM, va).pfn != NOFRAME && (!foll_write || CAN_FOLLOW_WRITE_PTE(P(MM, va))) -> f = P(MM, va).pfn
       :: else
       fi
     }
     if
     :: f == NOFRAME ->
        handle_private_fault(va, foll_write);
        if
        :: vm_fault_write && !vm_write[MM] ->
#ifdef GUP_DROPS_FOLL_WRITE
           foll_write = 0
#else
           foll_cow = 1
#endif
        :: else
        fi;
        vm_fault_write = 0
     :: else
     fi;
     mmap_read_unlock()
  od;
  atomic { assert(!IS_BLK(f) || I30); clk++; mem[f] = clk; f = 0; foll_write = 0; foll_cow = 0 }
}
