/**
 * What is in the things that steps touch, hashed: two that are alike have equal hashes, whatever happened before.
 * @module
 */

import {
  PMEM_BASE_PFN,
  PTRS_PER_PMD_LEAF,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_FLUSHES,
  TOUCH_FRAME,
  TOUCH_FRAMES,
  TOUCH_FREEZE,
  TOUCH_QUEUE,
  TOUCH_SHOOTDOWN,
  TOUCH_SIZE,
  TOUCH_TABLE,
  TOUCH_TABLES,
  TOUCH_TIMES,
  TOUCH_TLB,
  TOUCH_WAKE,
} from '@mm-model/core'
import {
  type DaxInode,
  daxIsLocked,
  daxIsPmdEntry,
  Ext4,
  PAGECACHE_TAG_DIRTY,
  PAGECACHE_TAG_TOWRITE,
  type SuperBlock,
  XaState,
} from '@mm-model/dax'
import { mmOf } from './facts.ts'
import type { Mix } from './mix.ts'
import type { Instance } from './program.ts'

/**
 * Adds what the object holds; false for kinds whose content cannot be read, which stand for what was done to them instead.
 */
export function addContent(mix: Mix, instance: Instance, kind: number, id: number | string): boolean {
  const { machine } = instance
  switch (kind) {
    case TOUCH_TABLE: {
      const { lo, hi } = machine.pageTables
      const first = (id as number) * 512
      mix.words(lo, first, first + 512).words(hi, first, first + 512)
      return true
    }
    case TOUCH_TLB:
      machine.tlbs[id as number]!.forEach((context, address, pfn, rights, huge) => {
        mix
          .number(context)
          .number(address)
          .add(pfn)
          .add(huge ? rights + 8 : rights)
      })
      return true
    case TOUCH_FRAME: {
      const bytes = (id as number) < PMEM_BASE_PFN ? undefined : machine.memory.page(id as number)
      // A page of zeros and none are the same.
      mix.bytes(bytes ?? NO_BYTES)
      return true
    }
    case TOUCH_FRAMES:
      machine.memory.visitCounts((number) => mix.add(number))
      return true
    case TOUCH_TABLES:
      machine.pageTables.visitFree((table) => mix.add(table))
      return true
    case TOUCH_FLUSHES:
      mix.add(mmOf(machine, id as number)?.tlbFlushPending ?? 0)
      return true
    case TOUCH_SHOOTDOWN: {
      // Asked, and not answered: both are one thing.
      const from = Math.floor((id as number) / 128)
      const cpu = Math.floor(((id as number) % 128) / 2)
      const request = machine.shootdowns?.pending[cpu]?.find((one) => one.from.id === from)
      if (request !== undefined) mix.number(request.start).number(request.end).number(request.stride)
      return true
    }
    default:
      return addOfFileSystem(mix, superBlockOf(instance), kind, id)
  }
}

function addOfFileSystem(mix: Mix, sb: SuperBlock | null, kind: number, id: number | string): boolean {
  if (sb === null) return false
  switch (kind) {
    case TOUCH_ENTRIES:
      addEntries(mix, sb.inodes.find(({ name }) => name === id) ?? null)
      return true
    case TOUCH_ENTRY_LOCK: {
      const [, name, page, pages] = /^(.*) from page (\d+), (\d+)$/.exec(String(id))!
      const inode = sb.inodes.find((one) => one.name === name)
      if (inode === undefined) return true
      // An entry of another size is another, with a lock of its own, and who changes that does not say so of this one.
      const entry = new XaState(inode.entries).set(Number(page), 0).load()
      const isThis = entry !== 0 && (daxIsPmdEntry(entry) ? PTRS_PER_PMD_LEAF : 1) === Number(pages)
      mix.add(isThis && daxIsLocked(entry) ? 1 : 2)
      return true
    }
    case TOUCH_QUEUE: {
      const [, name, page] = /^wait queue of (.*) at page (\d+)$/.exec(String(id))!
      const inode = sb.inodes.find((one) => one.name === name)
      for (const { task } of inode?.entryWaiters.queues.get(Number(page)) ?? []) mix.add(task.id)
      return true
    }
    case TOUCH_WAKE:
      mix.add(sb.inodes.some((inode) => sleepsOn(inode, id as number)) ? 1 : 2)
      return true
    case TOUCH_SIZE:
      mix.number(sb.inodes.find(({ name }) => name === id)?.size ?? -1)
      return true
    case TOUCH_TIMES: {
      const inode = sb.inodes.find(({ mapping }) => mapping.iMmapRwsem.name === id)
      if (inode === undefined) return true
      const { asCmtime, defersCmtime } = inode.mapping
      mix.add(inode.mtime).add(inode.ctime).add(inode.atime)
      mix.add((asCmtime ? 1 : 0) + (defersCmtime ? 2 : 0))
      return true
    }
    case TOUCH_FREEZE:
      mix.add(sb.frozen).add(sb.writers[id as number]!)
      return true
    case TOUCH_FILE_SYSTEM:
      return addBlocks(mix, sb)
    default:
      return false
  }
}

/** Whether the task sleeps until an entry of the file is unlocked. */
function sleepsOn({ entryWaiters }: DaxInode, task: number): boolean {
  for (const queue of entryWaiters.queues.values()) if (queue.some((one) => one.task.id === task)) return true
  return false
}

function addEntries(mix: Mix, inode: DaxInode | null): void {
  if (inode === null) return
  const xas = new XaState(inode.entries)
  for (let index = 0; ; ) {
    const entry = xas.set(index, 0).find(Number.MAX_SAFE_INTEGER)
    if (entry === 0) break
    const marks = (xas.getMark(PAGECACHE_TAG_DIRTY) ? 1 : 0) + (xas.getMark(PAGECACHE_TAG_TOWRITE) ? 2 : 0)
    mix.number(xas.index).number(entry).add(marks)
    index = xas.index + 1
  }
  mix.add(inode.dirtyPages ? 1 : 2)
  // Pages are in the same tree as entries; the next one that comes is numbered.
  const { pages } = inode.mapping
  if (pages.added === 0) return
  mix.add(pages.added)
  for (const { pfn, lock } of pages.between(0, Infinity)) mix.number(pfn).text(lock.name)
}

/** ext4's blocks, without the scratch of its calls; those of xfs hide what they are made of. */
function addBlocks(mix: Mix, { personality, inodes }: SuperBlock): boolean {
  if (!(personality instanceof Ext4)) return false
  const { freeBlocks, journal, groups, localityGroup, lastGroup, lastStart, freed } = personality.blocks
  mix.deep([freeBlocks, journal, groups, localityGroup, lastGroup, lastStart, freed, personality.ramPages])
  for (const { name, blocks, syncTid, size, writers } of inodes) {
    mix.text(name).deep(blocks).number(syncTid).number(size).add(writers)
  }
  return true
}

function superBlockOf({ files = [] }: Instance): SuperBlock | null {
  return files[0]?.inode.sb ?? null
}

const NO_BYTES: Uint8Array = /*#__PURE__*/ new Uint8Array(4096)
