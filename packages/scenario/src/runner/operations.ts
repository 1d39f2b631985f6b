/**
 * What each operation of the language does, as the recorded agent does it.
 * @module
 */

import {
  errnoName,
  FMODE_READ,
  FMODE_WRITE,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_REMOVE,
  MADV_WILLNEED,
  MAP_ANONYMOUS,
  MAP_LOCKED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  type Steps,
} from '@mm-model/core'
import { type DaxFile, openFile, type SuperBlock } from '@mm-model/dax'
import type { OperationResult } from '../observation.ts'
import type { AccessMode, Advice, OperationOf, SingleOperation, SyncMode } from '../syntax.ts'
import type { SteppedCalls } from './calls.ts'
import type { Process } from './process.ts'

/** Result of `pread` at or past the end of the file. */
const END_OF_FILE = -1000

/** `MADV_*` of each advice. */
export const ADVICE: Readonly<Record<Advice, number>> = {
  dontneed: MADV_DONTNEED,
  remove: MADV_REMOVE,
  free: MADV_FREE,
  dontfork: MADV_DONTFORK,
  willneed: MADV_WILLNEED,
  hugepage: MADV_HUGEPAGE,
  nohugepage: MADV_NOHUGEPAGE,
  populate_read: MADV_POPULATE_READ,
  populate_write: MADV_POPULATE_WRITE,
}
/** `MS_*` of each mode. */
export const MSYNC: Readonly<Record<SyncMode, number>> = {
  sync: MS_SYNC,
  async: MS_ASYNC,
  invalidate: MS_SYNC | MS_INVALIDATE,
}
const MODES: Readonly<Record<AccessMode, number>> = {
  ro: FMODE_READ,
  wo: FMODE_WRITE,
  rw: FMODE_READ | FMODE_WRITE,
}

/** Everything an operation runs on, and what it must tell about mappings that came or moved. */
export interface Surroundings {
  readonly calls: SteppedCalls
  readonly sb: SuperBlock
  /** Where the child or thread of that name runs. */
  cpuOf(name: string): number
  /** There is a file now. */
  created(file: DaxFile): void
  /** There is a child or a thread now. */
  made(name: string, process: Process): void
  /** A mapping name now means `length` bytes at `address`. */
  mapped(name: string, address: number, length: number): void
  /** A mapping of that name was resized without a new place. */
  resized(name: string, length: number): void
}

/** Executes one operation in one process; everything else it did shows in events and state. */
export function* execute(
  operation: SingleOperation,
  process: Process,
  around: Surroundings,
): Steps<OperationResult> {
  const { calls, sb } = around
  const t = process.task
  switch (operation.op) {
    case 'create': {
      const file = yield* calls.openCreate(t, sb, operation.file)
      process.files.set(operation.file, file)
      around.created(file)
      return answer(yield* calls.ftruncate(t, file, operation.size))
    }
    case 'reopen': {
      const { inode } = fileOf(process, operation.file)
      process.files.set(operation.file, openFile(inode, MODES[operation.mode]))
      return answer(0)
    }
    case 'fill': {
      const { offset, length, byte } = operation
      const file = fileOf(process, operation.file)
      const write = (): Steps<number> => calls.pwriteFill(t, file, offset, length, byte)
      return answer(yield* process.buffer?.with(t, calls, length, write) ?? write())
    }
    case 'pread':
      return answer(
        (yield* calls.preadByte(t, fileOf(process, operation.file), operation.offset)) ?? END_OF_FILE,
      )
    case 'falloc':
      return answer(
        yield* calls.fallocate(t, fileOf(process, operation.file), operation.offset, operation.length),
      )
    case 'punch':
      return answer(
        yield* calls.punchHole(t, fileOf(process, operation.file), operation.offset, operation.length),
      )
    case 'truncate':
      return answer(yield* calls.ftruncate(t, fileOf(process, operation.file), operation.size))
    case 'reflink':
      return answer(
        yield* calls.vfsCloneFileRange(t, fileOf(process, operation.file), fileOf(process, operation.to)),
      )
    case 'fsync':
      return answer(yield* calls.fsync(t, fileOf(process, operation.file)))
    case 'freeze':
      return answer(yield* calls.freezeSuper(t, sb))
    case 'thaw':
      return answer(yield* calls.thawSuper(t, sb))
    case 'drop_caches':
      return answer(yield* calls.dropCaches(t, sb))
    case 'sleep':
      return answer(0)
    case 'fork': {
      const child = yield* calls.fork(t)
      child.cpu = around.cpuOf(operation.childName)
      around.made(operation.childName, process.child(child))
      return answer(0)
    }
    case 'thread': {
      const thread = t.machine.addTask(t.mm, around.cpuOf(operation.threadName))
      around.made(operation.threadName, process.thread(thread))
      return answer(0)
    }
    case 'mmap':
      return yield* map(operation, process, around)
    default:
      return yield* onMapping(operation, process, around)
  }
}

type OnMapping = OperationOf<
  'load' | 'store' | 'poke' | 'munmap' | 'mprotect' | 'msync' | 'madvise' | 'mlock' | 'mremap'
>

function* onMapping(operation: OnMapping, process: Process, around: Surroundings): Steps<OperationResult> {
  const { calls } = around
  const t = process.task
  const mapping = process.mappings.get(operation.map)
  if (mapping === undefined) return { skipped: true }
  const address = mapping.address + operation.offset
  switch (operation.op) {
    case 'load': {
      const byte = yield* calls.load(t, address)
      return t.signal === null ? { ret: byte } : { ...t.signal }
    }
    case 'store':
      yield* calls.store(t, address, operation.byte)
      return t.signal === null ? { ret: 0 } : { ...t.signal }
    case 'poke':
      return answer(yield* calls.memWrite(t, address, operation.byte))
    case 'munmap':
      return answer(yield* calls.munmap(t, address, operation.length))
    case 'mprotect':
      return answer(yield* calls.mprotect(t, address, operation.length, operation.prot))
    case 'msync':
      return answer(yield* calls.msync(t, address, operation.length, MSYNC[operation.mode]))
    case 'madvise':
      return answer(yield* calls.madvise(t, address, operation.length, ADVICE[operation.advice]))
    case 'mlock':
      return answer(yield* calls.mlock(t, address, operation.length))
    case 'mremap':
      return yield* remap(operation, process, around, address)
  }
}

function* map(
  operation: OperationOf<'mmap'>,
  process: Process,
  around: Surroundings,
): Steps<OperationResult> {
  const { map: name, file, offset, length, prot, kind, populate, locked } = operation
  const flags =
    { shared: MAP_SHARED, private: MAP_PRIVATE, sync: MAP_SHARED_VALIDATE | MAP_SYNC }[kind] |
    (populate ? MAP_POPULATE : 0) |
    (locked ? MAP_LOCKED : 0) |
    (file === null ? MAP_ANONYMOUS : 0)
  const opened = file === null ? null : fileOf(process, file)
  const request = { address: process.nextSlot(), length, prot, flags, file: opened, offset }
  const address = yield* around.calls.mmap(process.task, request)
  if (address < 0) return answer(address)
  process.setMapping(name, address, length)
  around.mapped(name, address, length)
  return { ret: 0 }
}

function* remap(
  operation: OperationOf<'mremap'>,
  process: Process,
  around: Surroundings,
  address: number,
): Steps<OperationResult> {
  const { map: name, offset, oldLength, newLength, mode } = operation
  const flags = { maymove: MREMAP_MAYMOVE, move: MREMAP_MAYMOVE | MREMAP_FIXED, inplace: 0 }[mode]
  const to = mode === 'move' ? process.nextMoveSlot() : 0
  const moved = yield* around.calls.mremap(process.task, address, oldLength, newLength, flags, to)
  if (moved < 0) return answer(moved)
  if (offset === 0) process.setMapping(name, moved, newLength)
  if (offset === 0 && moved !== address) around.mapped(name, moved, newLength)
  else around.resized(name, newLength)
  return { ret: 0 }
}

/** A value or an error number, as the agent prints them; -1000 is a value. */
function answer(value: number): OperationResult {
  return value < 0 && value > END_OF_FILE ? { errno: errnoName(-value) } : { ret: value }
}

function fileOf(process: Process, name: string): DaxFile {
  const file = process.files.get(name)
  if (file === undefined)
    throw new Error(`file ${name} is not open: the parser lets no such scenario through`)
  return file
}
