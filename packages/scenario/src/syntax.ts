/**
 * The abstract syntax of the scenario language, version 1: what one line means, after every check that needs no
 * machine. Sizes, offsets and lengths are whole numbers of bytes up to 2^53 - 1.
 */

/** `PROT` bits as `mmap` and `mprotect` take them; the language spells them with the letters of `rwx`. */
export const PROT_READ: 1 = 1
export const PROT_WRITE: 2 = 2
export const PROT_EXEC: 4 = 4

/** How a mapping is shared: `MAP_SHARED`, `MAP_PRIVATE`, or `MAP_SHARED_VALIDATE | MAP_SYNC`. */
export type MapKind = 'shared' | 'private' | 'sync'

/** The access mode of `reopen`: read only, write only, both. */
export type AccessMode = 'ro' | 'wo' | 'rw'

/** The flags of `msync`: `MS_SYNC`, `MS_ASYNC`, `MS_SYNC | MS_INVALIDATE`. */
export type SyncMode = 'sync' | 'async' | 'invalidate'

/** The advice of `madvise`, by the name of the kernel's `MADV_` constant. */
export type Advice =
  | 'dontneed'
  | 'remove'
  | 'free'
  | 'dontfork'
  | 'willneed'
  | 'hugepage'
  | 'nohugepage'
  | 'populate_read'
  | 'populate_write'

/** The flags of `mremap`: `MAYMOVE`; `MAYMOVE | FIXED` to the next slot of the move region; none. */
export type RemapMode = 'maymove' | 'move' | 'inplace'

/** What every operation carries besides its own words. */
export interface OperationCommon {
  /** The line in the source, counted from 1. */
  readonly line: number
  /** The source line as the recordings print it under `op`: without its newline, nothing else removed. */
  readonly text: string
  /** Who executes the operation: a child or a thread by its name (`@c1 …`), or `null` for the first process. */
  readonly who: string | null
}

/** The words of one operation that one task executes; see the table in the README for the system call behind each. */
export type SingleWords =
  | { readonly op: 'create'; readonly file: string; readonly size: number }
  | { readonly op: 'reopen'; readonly file: string; readonly mode: AccessMode }
  | {
      readonly op: 'fill'
      readonly file: string
      readonly offset: number
      readonly length: number
      /** 0 to 255; 0x78 (`x`) where the source gives none. */
      readonly byte: number
    }
  | { readonly op: 'pread'; readonly file: string; readonly offset: number }
  | { readonly op: 'falloc'; readonly file: string; readonly offset: number; readonly length: number }
  | { readonly op: 'punch'; readonly file: string; readonly offset: number; readonly length: number }
  | {
      readonly op: 'reflink'
      /** The file whose blocks come to be shared. */
      readonly file: string
      /** The file that shares them afterwards. */
      readonly to: string
    }
  | { readonly op: 'truncate'; readonly file: string; readonly size: number }
  | { readonly op: 'fsync'; readonly file: string }
  | { readonly op: 'freeze' }
  | { readonly op: 'drop_caches' }
  | { readonly op: 'thaw' }
  | {
      readonly op: 'mmap'
      readonly map: string
      /** The file that is mapped; `null` is anonymous memory. */
      readonly file: string | null
      readonly offset: number
      readonly length: number
      /** `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`, or'ed together; 0 for `-`. */
      readonly prot: number
      readonly kind: MapKind
      readonly populate: boolean
      readonly locked: boolean
    }
  | { readonly op: 'load'; readonly map: string; readonly offset: number }
  | {
      readonly op: 'store'
      readonly map: string
      readonly offset: number
      /** 0 to 255; 1 where the source gives none. */
      readonly byte: number
    }
  | {
      /** A write to `/proc/self/mem`. */
      readonly op: 'poke'
      readonly map: string
      readonly offset: number
      /** 0 to 255. */
      readonly byte: number
    }
  | { readonly op: 'munmap'; readonly map: string; readonly offset: number; readonly length: number }
  | {
      readonly op: 'mprotect'
      readonly map: string
      readonly offset: number
      readonly length: number
      readonly prot: number
    }
  | {
      readonly op: 'msync'
      readonly map: string
      readonly offset: number
      readonly length: number
      readonly mode: SyncMode
    }
  | {
      readonly op: 'madvise'
      readonly map: string
      readonly offset: number
      readonly length: number
      readonly advice: Advice
    }
  | { readonly op: 'mlock'; readonly map: string; readonly offset: number; readonly length: number }
  | {
      readonly op: 'mremap'
      readonly map: string
      readonly offset: number
      readonly oldLength: number
      readonly newLength: number
      readonly mode: RemapMode
    }
  | { readonly op: 'fork'; readonly childName: string }
  | { readonly op: 'thread'; readonly threadName: string }
  | { readonly op: 'sleep'; readonly ms: number }

/** One operation that one task executes. */
export type SingleOperation = OperationCommon & SingleWords

/** One side of a parallel line: what one task executes, one operation after the other. */
export interface Branch {
  /** Who executes it, as {@link OperationCommon.who}; that of each of its operations. */
  readonly who: string | null
  /** At least one; none makes a thread. */
  readonly ops: readonly SingleOperation[]
}

/** The words of a line whose branches run at the same time. */
export interface ParallelWords {
  readonly op: 'parallel'
  /** At least one, no two of the same task. */
  readonly branches: readonly Branch[]
}

/** The words of one line. */
export type OperationWords = SingleWords | ParallelWords

/** One line of a scenario that does something; of a parallel one `who` is null. */
export type Operation = OperationCommon & OperationWords

/** The name of an operation: the first word of its line. */
export type OperationName = Operation['op']

/** The operation of one name, as `OperationOf<'mmap'>`. */
export type OperationOf<Name extends OperationName> = Extract<Operation, { readonly op: Name }>

/** What the entry of a page of a file can be: no entry, one without a block, of the zero page, clean, dirty, locked. */
export type EntryState = 'none' | 'empty' | 'zero' | 'clean' | 'dirty' | 'locked'

/** What the page-table entry of an address can allow. */
export type LeafState = 'none' | 'ro' | 'rw'

/** What an assertion looks at, and what may stand there. */
export type AssertionWords =
  | {
      /** A byte as `pread` reads it, or as it would read after a power failure. */
      readonly what: 'byte' | 'durable'
      readonly file: string
      readonly offset: number
      /** 0 to 255, and `end` for the end of the file. */
      readonly oneOf: readonly (number | 'end')[]
    }
  | {
      readonly what: 'entry'
      readonly file: string
      readonly page: number
      readonly oneOf: readonly EntryState[]
    }
  | {
      readonly what: 'leaf'
      readonly map: string
      readonly offset: number
      readonly oneOf: readonly LeafState[]
    }
  | { readonly what: 'size'; readonly file: string; readonly oneOf: readonly number[] }
  | {
      /** What the operation of that number in the branch of `who`, counted from 1, answered. */
      readonly what: 'result'
      readonly operation: number
      /** A number, the name of an error or of a signal, or `skipped`. */
      readonly oneOf: readonly string[]
    }

/** Something that a scenario says must hold while its parallel line runs, or when all has ended. */
export type Assertion = AssertionWords &
  OperationCommon & {
    /** In every state from the parallel line on, or at the end. */
    readonly when: 'always' | 'finally'
  }

/** A parsed scenario. */
export interface Scenario {
  /** The name of the source file without `.scn`; the recordings are named after it. */
  readonly name: string
  readonly ops: readonly Operation[]
  /** What it says must hold, in the order of its lines. */
  readonly assertions: readonly Assertion[]
}
