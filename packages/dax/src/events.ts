/**
 * What steps say of files beside what they touch: events of the kind {@link EVENT_CALL}, in words (`events.ts` of `@mm-model/core`
 * says how). Files are told by their names.
 * @module
 */

import { EVENT_CALL, type Task, TOUCH_WRITE } from '@mm-model/core'
import type { DaxInode } from './inode.ts'
import { touchesFlushed } from './touch.ts'
import { PAGECACHE_TAG_DIRTY, PAGECACHE_TAG_TOWRITE, XaState } from './xarray.ts'

/** `flushes FILE PAGE PAGES`: writeback has cleaned the mappings of an entry that begins there, and flushes its frames. */
export function touchesFlushes(t: Task, { name }: DaxInode, page: number, pages: number): void {
  t.machine.touched?.(EVENT_CALL, `flushes ${name} ${page} ${pages}`, TOUCH_WRITE, t)
}

/** The same of the entry `value` at the page, whose frames reach the device. */
export function touchesEntryFlushed(t: Task, inode: DaxInode, page: number, value: number): void {
  if (t.machine.touched === null) return
  const { pages, pfn } = inode.sb.entryFormat.decode(value)
  touchesFlushes(t, inode, page, pages)
  touchesFlushed(t, pfn, pages)
}

/** `untags FILE PAGE PAGES locked|unlocked`: writeback takes the DIRTY tag of the entry, which is locked or is not. */
export function touchesUntags(t: Task, inode: DaxInode, page: number, pages: number, does: boolean): void {
  const sink = t.machine.touched
  if (sink === null || !does) return
  const entry = new XaState(inode.entries).set(page, 0).load()
  const locked = entry !== 0 && inode.sb.entryFormat.decode(entry).locked ? 'locked' : 'unlocked'
  sink(EVENT_CALL, `untags ${inode.name} ${page} ${pages} ${locked}`, TOUCH_WRITE, t)
}

/** `drops FILE PAGE PAGES truncating|invalidating clean|dirty`: the entry that `xas` is at goes. */
export function touchesDropsEntry(
  t: Task,
  { name, sb }: DaxInode,
  xas: XaState,
  entry: number,
  truncating: boolean,
  does: boolean,
): void {
  const sink = t.machine.touched
  if (sink === null || !does) return
  const { pages } = sb.entryFormat.decode(entry)
  const why = truncating ? 'truncating' : 'invalidating'
  const tagged = xas.getMark(PAGECACHE_TAG_DIRTY) || xas.getMark(PAGECACHE_TAG_TOWRITE)
  const page = xas.index - (xas.index % pages)
  sink(EVENT_CALL, `drops ${name} ${page} ${pages} ${why} ${tagged ? 'dirty' : 'clean'}`, TOUCH_WRITE, t)
}

/** `invalidated FILE FIRST LAST`: clean entries of these pages are gone, and whatever relies on that may. */
export function touchesInvalidated(t: Task, { name }: DaxInode, first: number, last: number): void {
  t.machine.touched?.(EVENT_CALL, `invalidated ${name} ${first} ${last}`, TOUCH_WRITE, t)
}

/** `cut FILE PAGE`: nothing from that page on is mapped any more. */
export function touchesCut(t: Task, { name }: DaxInode, page: number): void {
  t.machine.touched?.(EVENT_CALL, `cut ${name} ${page}`, TOUCH_WRITE, t)
}
