/**
 * What an execution ended in, as text: executions with equal texts came to the same.
 * @module
 */

import type { Mm } from '@mm-model/core'
import {
  type DaxFile,
  IOMAP_DAX,
  IOMAP_HOLE,
  IOMAP_MAPPED,
  Iomap,
  PAGECACHE_TAG_DIRTY,
  PAGECACHE_TAG_TOWRITE,
  XaState,
} from '@mm-model/dax'
import type { Execution } from './execution.ts'
import { visitLeaves } from './invariants/leaves.ts'

/** Bytes of a page that are looked at: programs store to the first few. */
const BYTES = 16

/**
 * The answers of all calls; every leaf of every address space that a task has; of the files, size, times, blocks, entries
 * with their tags, and the first {@link BYTES} bytes of each page that has an entry or a leaf. Not in it: what the TLBs
 * hold, and the numbers of table pages.
 */
export function finalState(execution: Execution): string {
  const { machine, threads, files = [] } = execution.instance
  const lines: string[] = threads.map(({ name }, i) => `${name}: ${execution.answers[i]!.join(', ')}`)
  const mms = new Set(machine.tasks.map(({ mm }) => mm))
  for (const mm of mms) lines.push(...leavesOf(mm))
  for (const file of files) lines.push(stateOf(file))
  return lines.join('\n')
}

function leavesOf(mm: Mm): string[] {
  const { machine } = mm
  const { pageTables: pt, memory } = machine
  const lines: string[] = []
  for (const vma of mm.areas) {
    const leaves: string[] = []
    visitLeaves(vma, (address, slot, huge) => {
      const pfn = huge ? pt.arch.pmdPfn(pt.lo, pt.hi, slot) : pt.arch.ptePfn(pt.lo, pt.hi, slot)
      leaves.push(
        `${address.toString(16)}=${pt.hi[slot]!.toString(16)}:${pt.lo[slot]!.toString(16)}${bytesOf(memory, pfn)}`,
      )
      return null
    })
    lines.push(
      `${vma.vmStart.toString(16)}-${vma.vmEnd.toString(16)} ${vma.vmFlags.toString(16)} ${leaves.join(' ')}`,
    )
  }
  return lines
}

function bytesOf(memory: { readByte(pfn: number, offset: number): number }, pfn: number): string {
  let text = ''
  for (let offset = 0; offset < BYTES; offset++) text += `,${memory.readByte(pfn, offset)}`
  return text
}

function stateOf(file: DaxFile): string {
  const { inode } = file
  const { memory } = inode.sb.machine
  const entries: string[] = []
  const xas = new XaState(inode.entries)
  for (let index = 0; ; ) {
    const entry = xas.set(index, 0).find(Number.MAX_SAFE_INTEGER)
    if (entry === 0) break
    const tags = `${xas.getMark(PAGECACHE_TAG_DIRTY) ? 'D' : ''}${xas.getMark(PAGECACHE_TAG_TOWRITE) ? 'T' : ''}`
    entries.push(`${xas.index}=${entry}${tags}`)
    index = xas.index + 1
  }
  const pages: string[] = []
  const iomap = new Iomap()
  for (let page = 0; page * 4096 < inode.size; page++) {
    inode.sb.personality.iomapBegin(inode, page * 4096, 4096, IOMAP_DAX, iomap, new Iomap())
    if (iomap.type === IOMAP_HOLE) continue
    pages.push(
      `${page}${iomap.type === IOMAP_MAPPED ? '' : ' unwritten'}${bytesOf(memory, inode.pfnOf(iomap.blockAt(page * 4096)))}`,
    )
  }
  const times = `${inode.mtime} ${inode.ctime} ${inode.atime}`
  return `${inode.name} size ${inode.size} times ${times} entries ${entries.join(' ')} pages ${pages.join(' ')}`
}
