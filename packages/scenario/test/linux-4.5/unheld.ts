/**
 * Scenarios that break, on 4.5, what the profile says the kernel does not hold; null for what takes two tasks or writeback in
 * between, and is not checked on any kernel.
 */

const STORED = ['create a 65536', 'mmap m a 0 65536 rw shared', 'store m 0 1']
/** A page of zeros elsewhere makes write(2) delete the entry of the page that is mapped and dirty. */
const DELETED = [...STORED, 'load m 0x8000', 'fill a 0 4096 3']
const HUGE = ['create a 0x800000', 'falloc a 0x1000 0x400000']

export const UNHELD: Readonly<Record<string, readonly string[] | null>> = {
  I13: ['create a 0x400000', 'falloc a 0 0x400000', 'mmap m a 0 0x400000 rw shared', 'load m 0'],
  I17: [...HUGE, 'mmap m a 0x1000 0x400000 rw shared', 'load m 0'],
  I19: [...DELETED, 'mmap n a 0 65536 rw shared', 'load n 0'],
  I20: [...DELETED, 'mprotect m 0 4096 r', 'mmap n a 0 65536 rw shared', 'load n 0'],
  I21: null,
  I23: [...STORED, 'fsync a'],
  I24: null,
  I25: null,
  I31: ['create a 65536', 'mmap p a 0 65536 rw private', 'store p 0 1'],
  I34: [...STORED, 'freeze'],
  I36: [...DELETED, 'sleep 1'],
  I37: ['create a 65536', 'mmap p a 0 65536 rw private populate'],
  I49: DELETED,
}
