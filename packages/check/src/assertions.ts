/**
 * What a scenario asserts, as invariants.
 * @module
 */

import {
  EVENT_COMMITTED,
  EVENT_FLUSHED,
  EVENT_STORED,
  EVENT_WRITTEN,
  PMEM_BASE_PFN,
  type Task,
  TOUCH_AREAS,
  TOUCH_ENTRIES,
  TOUCH_ENTRY_LOCK,
  TOUCH_FILE_SYSTEM,
  TOUCH_FRAME,
  TOUCH_SIZE,
  TOUCH_TABLE,
} from '@mm-model/core'
import { type DaxFile, ExtentTable } from '@mm-model/dax'
import type { Assertion, EntryState, LeafState, Scenario, StagedAssertion } from '@mm-model/scenario'
import type { RunHistory } from './history.ts'
import { entryAt } from './invariants/over-leaves.ts'
import type { StateInvariant } from './program.ts'
import { type ScenarioInstance, textOf } from './scenario-program.ts'

/** The kinds of things that each assertion looks at. */
const READS: Readonly<Record<Assertion['what'], readonly number[]>> = {
  byte: [TOUCH_FRAME, TOUCH_FILE_SYSTEM, TOUCH_SIZE],
  durable: [EVENT_STORED, EVENT_WRITTEN, EVENT_FLUSHED, EVENT_COMMITTED],
  entry: [TOUCH_ENTRIES, TOUCH_ENTRY_LOCK],
  leaf: [TOUCH_TABLE, TOUCH_AREAS],
  size: [TOUCH_SIZE],
  result: [],
}

/** The assertions of a scenario, for its program as `programOf` makes it. */
export function assertionsOf({ assertions }: Scenario): readonly StateInvariant[] {
  return assertions.map(({ text, line, what, when }, i): StateInvariant => {
    return {
      name: `line ${line}`,
      rule: text,
      source: 'the scenario',
      reads: READS[what],
      everyStep: when === 'always',
      check: (instance, history) => {
        const staged = (instance as ScenarioInstance).staged.assertions[i]!
        const found = whatIs(staged, history)
        return found.some((each) => allows(staged.assertion, each))
          ? null
          : `${subject(staged.assertion)} is ${found.join(', ')}`
      },
    }
  })
}

function allows({ oneOf }: Assertion, found: string): boolean {
  return oneOf.some((allowed) => String(allowed) === found)
}

/** What an assertion is about, in words. */
function subject(assertion: Assertion): string {
  switch (assertion.what) {
    case 'byte':
      return `byte ${assertion.offset} of ${assertion.file}`
    case 'durable':
      return `byte ${assertion.offset} of ${assertion.file} after a power failure`
    case 'entry':
      return `the entry of page ${assertion.page} of ${assertion.file}`
    case 'leaf':
      return `the leaf of ${assertion.map} at ${assertion.offset}`
    case 'size':
      return `the size of ${assertion.file}`
    case 'result':
      return `the result of operation ${assertion.operation}`
  }
}

/** Everything that the thing can be called. */
function whatIs(staged: StagedAssertion, history: RunHistory): readonly string[] {
  const { assertion, file, address, task, operation } = staged
  switch (assertion.what) {
    case 'durable':
      return [durableByteAt(history, file!, assertion.offset)]
    case 'byte':
      return [byteAt(file!, assertion.offset)]
    case 'entry':
      return entryStates(file!, assertion.page)
    case 'leaf':
      return [leafState(task!, address!)]
    case 'size':
      return [String(file!.inode.size)]
    case 'result':
      return [operation!.result === null ? 'missing' : textOf(operation!.result)]
  }
}

/** As `pread` reads it, or `end`; without a look-up, which would fill caches. */
function byteAt({ inode }: DaxFile, offset: number): string {
  if (offset >= inode.size) return 'end'
  const block = ExtentTable.of(inode).writtenBlock(Math.floor(offset / 4096))
  return block < 0 ? '0' : String(inode.sb.machine.memory.readByte(inode.pfnOf(block), offset % 4096))
}

/** As `pread` would read it after a power failure, or `end`; a file that no commit has is empty. */
function durableByteAt(history: RunHistory, { inode }: DaxFile, offset: number): string {
  const committed = history.committed.get(inode.name)
  if (committed === undefined || offset >= committed.size) return 'end'
  const block = committed.extents.writtenBlock(Math.floor(offset / 4096))
  if (block < 0) return '0'
  return String(history.deviceByte(inode.sb.machine, PMEM_BASE_PFN + block, offset % 4096))
}

/** Everything that the mapping entry of a page can be called. */
export function entryStates({ inode }: DaxFile, page: number): EntryState[] {
  const entry = entryAt(inode, page)
  if (entry === null) return ['none']
  const states: EntryState[] = []
  if (entry.locked) states.push('locked')
  if (entry.kind !== 'block') states.push(entry.kind)
  if (entry.dirty) states.push('dirty')
  else if (entry.kind === 'block') states.push('clean')
  return states
}

function leafState({ mm }: Task, address: number): LeafState {
  const { pageTables: pt } = mm.machine
  const pmd = pt.pmdSlot(mm.pgd, address)
  if (pmd < 0 || pt.isNone(pmd)) return 'none'
  const huge = pt.pmdIsLeaf(pmd)
  const slot = huge ? pmd : pt.pteSlotAt(pmd, address)
  if (pt.isNone(slot)) return 'none'
  const writable = huge ? pt.arch.pmdWrite(pt.lo, pt.hi, slot) : pt.arch.pteWrite(pt.lo, pt.hi, slot)
  return writable ? 'rw' : 'ro'
}
