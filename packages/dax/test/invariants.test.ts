/*
 * Each invariant of DAX is able to fail: a gallery of broken file systems. A row makes a state, lets calls run, breaks
 * what came out of the last one, and exactly that rule complains. Unbroken, none does.
 */
import {
  coreCallInvariants,
  coreStateInvariants,
  FaultLog,
  type Machine,
  MS_SYNC,
  PMEM_BASE_PFN,
  type Task,
  type Violation,
  violationsOf,
} from '@mm-model/core'
import {
  DAX_EMPTY,
  DAX_LOCKED,
  DAX_PMD,
  type DaxCall,
  type DaxFile,
  daxCallBy,
  daxCallInvariants,
  daxMakeEntry,
  daxStateInvariants,
  daxUncheckedInvariants,
  type Ext4,
  History,
  mountXfsReflink,
  PAGECACHE_TAG_DIRTY,
  PAGECACHE_TAG_TOWRITE,
  SB_FREEZE_COMPLETE,
  type SuperBlock,
  snapshotDax,
  wrongPages,
  XaState,
} from '@mm-model/dax'
import { describe, expect, it } from 'vitest'
import { ExtentTable } from '../src/invariants/extents.ts'
import { plain as k } from './forms.ts'
import { createWorld, MIB2, type Mount, map, PAGE, slot } from './world.ts'

interface Stage {
  readonly machine: Machine
  readonly t: Task
  readonly sb: SuperBlock
  /** 16 pages, the first eight written. */
  readonly file: DaxFile
  /** What sabotage must not leave behind. */
  readonly undo: (() => void)[]
}

type MadeCall = Partial<DaxCall> & Pick<DaxCall, 'name'>

interface Exhibit {
  readonly id: string
  readonly broken: string
  /** The file system; ext4 where none is named. */
  readonly mount?: Mount
  readonly setUp: (stage: Stage) => void
  /** One after the other, each with its own snapshots; the last one is the one that is spoilt. */
  readonly calls?: readonly ((stage: Stage) => MadeCall)[]
  readonly sabotage: (stage: Stage) => void
  readonly when?: 'before the last call'
}

const GALLERY: readonly Exhibit[] = [
  {
    id: 'I13',
    broken: 'the mapping entry is for another frame',
    setUp: mapAndLoad,
    sabotage: ({ file }) => place(file, 0).store(daxMakeEntry(pfn(file, 0) + 1, 0)),
  },
  {
    id: 'I13',
    broken: 'the mapping entry was removed and its mappings were not',
    setUp: mapAndLoad,
    sabotage: ({ file }) => place(file, 0).store(0),
  },
  {
    id: 'I14',
    broken: 'the mapping entry of a zero page is empty',
    setUp: ({ t, file }) => {
      map(k, t, file)
      k.load(t, address(12))
    },
    sabotage: ({ file }) => place(file, 12).store(daxMakeEntry(0, DAX_EMPTY)),
  },
  {
    id: 'I15',
    broken: 'a page of another file is mapped',
    setUp: mapAndLoad,
    sabotage: ({ machine, t, sb, file }) => {
      const other = written(k, t, sb, 'b')
      place(file, 0).store(daxMakeEntry(pfn(other, 0), 0))
      const { vmPageProtLo, vmPageProtHi } = t.mm.areas.findVma(slot(0))!
      machine.arch.pfnPte(...entry(t, address(0)), pfn(other, 0), vmPageProtLo, vmPageProtHi)
      machine.arch.pteMkdevmap(...entry(t, address(0)))
      machine.tlbs[0]!.flushPage(t.mm.tlbContext, address(0))
    },
  },
  {
    id: 'I16',
    broken: 'a block was freed while it is mapped',
    setUp: mapAndLoad,
    sabotage: ({ sb, file }) => {
      const block = pfn(file, 0) - PMEM_BASE_PFN
      const { disk } = (sb.personality as Ext4).blocks.groups[Math.floor(block / 32768)]!
      disk[(block % 32768) >>> 5]! &= ~(1 << (block & 31))
    },
  },
  {
    id: 'I17',
    broken: 'a file ends within an entry of 2 MiB',
    setUp: ({ t, sb, file }) => {
      const huge = k.openCreate(t, sb, 'huge')
      k.pwriteFill(t, huge, 0, MIB2 * 2, 5)
      map(k, t, huge, { pages: 1024 })
      k.load(t, slot(0))
      Object.assign(file, { inode: huge.inode })
    },
    sabotage: ({ file }) => {
      file.inode.size = 3 * PAGE
    },
  },
  {
    id: 'I18',
    broken: 'an entry of one page says that it is of 2 MiB',
    setUp: (stage) => {
      mapAndLoad(stage)
      k.munmap(stage.t, slot(0), PAGE)
    },
    sabotage: ({ file }) => place(file, 0).store(daxMakeEntry(pfn(file, 0), DAX_PMD)),
  },
  {
    id: 'I19',
    broken: 'DIRTY was taken while the page can be stored to',
    setUp: mapAndStore,
    sabotage: ({ file }) => place(file, 0).clearMark(PAGECACHE_TAG_DIRTY),
  },
  {
    id: 'I20',
    broken: 'DIRTY was taken and the entry stayed dirty',
    setUp: (stage) => {
      mapAndStore(stage)
      k.mprotect(stage.t, slot(0), PAGE, 1)
    },
    sabotage: ({ file }) => place(file, 0).clearMark(PAGECACHE_TAG_DIRTY),
  },
  {
    id: 'I22',
    broken: 'a clean page waits for writeback',
    setUp: (stage) => {
      mapAndLoad(stage)
      k.fsync(stage.t, stage.file)
    },
    sabotage: ({ file }) => place(file, 0).setMark(PAGECACHE_TAG_TOWRITE),
  },
  {
    id: 'I23',
    broken: 'fsync answered and did nothing',
    setUp: mapAndStore,
    calls: [({ t, file }) => ({ name: 'fsync', inode: file.inode, ret: k.fsync(t, file) })],
    sabotage: ({ file }) => place(file, 0).setMark(PAGECACHE_TAG_DIRTY),
  },
  {
    id: 'I23',
    broken: 'msync answered and did nothing',
    setUp: mapAndStore,
    calls: [
      ({ t }) => ({
        name: 'msync',
        address: slot(0),
        length: 2 * PAGE,
        flags: MS_SYNC,
        ret: k.msync(t, slot(0), 2 * PAGE, MS_SYNC),
      }),
    ],
    sabotage: ({ file }) => place(file, 0).setMark(PAGECACHE_TAG_DIRTY),
  },
  {
    id: 'I26',
    broken: 'the fsync of a MAP_SYNC fault commits nothing',
    setUp: ({ t, file }) => void map(k, t, file, { kind: 'sync' }),
    calls: [(stage) => store(stage, 12)],
    sabotage: ({ file, undo }) => {
      const { fsync } = file.ops.plain
      undo.push(() => Object.assign(file.ops.plain, { fsync }))
      Object.assign(file.ops.plain, { fsync: () => 0 })
    },
    when: 'before the last call',
  },
  {
    id: 'I30',
    broken: 'a private store reached the file',
    setUp: ({ t, file }) => void map(k, t, file, { kind: 'private' }),
    calls: [(stage) => store(stage, 1)],
    sabotage: ({ machine, file }) => machine.memory.fillPmem(pfn(file, 1) - PMEM_BASE_PFN, 0, 1, 99),
  },
  {
    id: 'I31',
    broken: 'a private store changed the times of the file',
    setUp: ({ t, file }) => void map(k, t, file, { kind: 'private' }),
    calls: [(stage) => store(stage, 1)],
    sabotage: ({ file }) => file.inode.touch(),
  },
  {
    id: 'I32',
    broken: 'a private copy began as something else',
    setUp: ({ t, file }) => void map(k, t, file, { kind: 'private' }),
    calls: [(stage) => store(stage, 1)],
    sabotage: ({ machine, t }) =>
      machine.memory.writeByte(machine.arch.ptePfn(...entry(t, address(1))), 7, 99),
  },
  {
    id: 'I32',
    broken: 'somebody else stored to a private copy',
    setUp: ({ t, file }) => {
      map(k, t, file, { kind: 'private' })
      k.store(t, address(1), 1)
    },
    calls: [load(1)],
    sabotage: ({ machine, t }) =>
      machine.memory.writeByte(machine.arch.ptePfn(...entry(t, address(1))), 0, 99),
    when: 'before the last call',
  },
  {
    id: 'I33',
    broken: 'a hole punched elsewhere took a private copy along',
    setUp: ({ t, file }) => {
      map(k, t, file, { kind: 'private' })
      k.store(t, address(1), 1)
    },
    calls: [
      ({ t, file }) => ({
        name: 'punch',
        inode: file.inode,
        offset: 4 * PAGE,
        length: PAGE,
        ret: k.punchHole(t, file, 4 * PAGE, PAGE),
      }),
    ],
    sabotage: ({ t }) => void k.madvise(t, address(1), PAGE, 4),
  },
  {
    id: 'I34',
    broken: 'a freeze wrote nothing back',
    setUp: mapAndStore,
    sabotage: ({ sb }) => {
      sb.frozen = SB_FREEZE_COMPLETE
    },
  },
  {
    id: 'I35',
    broken: 'a store fault did not change the times',
    setUp: ({ t, file }) => void map(k, t, file),
    calls: [(stage) => store(stage, 1)],
    sabotage: ({ file }) => {
      file.inode.mtime--
    },
  },
  {
    id: 'I36',
    broken: 'the times were turned back before writeback',
    setUp: ({ t, file }) => void map(k, t, file),
    calls: [
      (stage) => store(stage, 1),
      ({ t, file }) => ({ name: 'fsync', inode: file.inode, ret: k.fsync(t, file) }),
    ],
    sabotage: ({ file }) => {
      file.inode.mtime--
    },
    when: 'before the last call',
  },
  {
    id: 'I37',
    broken: 'a load changed the times',
    setUp: ({ t, file }) => void map(k, t, file),
    calls: [load(1)],
    sabotage: ({ file }) => file.inode.touch(),
  },
  {
    id: 'I38',
    broken: 'a fault left its mapping entry locked',
    setUp: mapAndLoad,
    sabotage: ({ file }) => place(file, 0).store(daxMakeEntry(pfn(file, 0), DAX_LOCKED)),
  },
  {
    id: 'I46',
    broken: 'write(2) left the zero page mapped over what it wrote',
    setUp: ({ t, file }) => {
      map(k, t, file)
      k.load(t, address(12))
    },
    calls: [fill(12)],
    sabotage: ({ t, file }) => {
      // As it was: 6.1 keeps the entry, which the load marked dirty.
      k.ftruncate(t, file, 16 * PAGE)
      const [lo, hi, at] = entry(t, address(12))
      const { vmPageProtLo, vmPageProtHi } = t.mm.areas.findVma(slot(0))!
      t.machine.arch.pfnPte(lo, hi, at, 0x2a1c, vmPageProtLo, vmPageProtHi)
      t.machine.arch.pteMkspecial(lo, hi, at)
    },
  },
  {
    id: 'I47',
    broken: 'write(2) wrote something else',
    setUp: ({ t, file }) => void map(k, t, file),
    calls: [fill(3)],
    sabotage: ({ machine, file }) => machine.memory.fillPmem(pfn(file, 3) - PMEM_BASE_PFN, 100, 1, 99),
  },
  {
    id: 'I47',
    broken: 'a load saw what nobody stored',
    setUp: mapAndLoad,
    calls: [load(0)],
    sabotage: ({ machine, file }) => machine.memory.fillPmem(pfn(file, 0) - PMEM_BASE_PFN, 0, 1, 99),
    when: 'before the last call',
  },
  {
    id: 'I48',
    broken: 'a mapping entry is left behind the end of the file',
    setUp: ({ t, file }) => void map(k, t, file),
    calls: [
      ({ t, file }) => ({
        name: 'truncate',
        inode: file.inode,
        length: PAGE,
        ret: k.ftruncate(t, file, PAGE),
      }),
    ],
    sabotage: ({ file }) => place(file, 2).store(daxMakeEntry(0, DAX_EMPTY)),
  },
  {
    id: 'I49',
    broken: 'write(2) dropped a dirty mapping entry',
    setUp: (stage) => {
      mapAndLoad(stage)
      k.munmap(stage.t, slot(0), PAGE)
    },
    calls: [fill(3)],
    sabotage: ({ file }) => place(file, 0).store(0),
  },
  {
    id: 'I51',
    broken: 'a mapping entry of 2 MiB was broken up under a huge zero page',
    setUp: ({ t, sb, file }) => {
      const sparse = k.openCreate(t, sb, 'sparse')
      k.ftruncate(t, sparse, MIB2)
      map(k, t, sparse, { pages: 512 })
      k.load(t, slot(0))
      Object.assign(file, { inode: sparse.inode })
    },
    sabotage: ({ file }) => {
      new XaState(file.inode.entries).set(0, 9).store(0)
      place(file, 0).store(daxMakeEntry(0, DAX_EMPTY))
    },
  },
  {
    id: 'I52',
    broken: 'a block that can be stored to came to be shared',
    mount: mountXfsReflink,
    setUp: mapAndStore,
    sabotage: ({ t, sb, file }) => {
      const other = k.openCreate(t, sb, 'b')
      const block = pfn(file, 0) - PMEM_BASE_PFN
      other.inode.xfs!.extents.insert(0, { offset: 0, block, count: 1, unwritten: false })
    },
  },
  {
    id: 'I52',
    broken: 'a store changed what another file has',
    mount: mountXfsReflink,
    setUp: (stage) => {
      map(k, stage.t, stage.file)
      share(stage)
    },
    calls: [(stage) => store(stage, 0)],
    sabotage: ({ machine, sb }) => {
      const other = sb.inodes.find(({ name }) => name === 'b')!
      machine.memory.fillPmem(ExtentTable.of(other).writtenBlock(0), 0, 1, 99)
    },
  },
]

/** Runs a row, broken or not, and says which rules complain after its last call. */
function complaints(exhibit: Exhibit, spoilt: boolean): Violation[] {
  const { machine, task: t, sb } = createWorld({}, exhibit.mount)
  machine.trace = null
  const stage: Stage = { machine, t, sb, file: written(k, t, sb, 'a'), undo: [] }
  machine.tick()
  exhibit.setUp(stage)
  const calls = exhibit.calls ?? [() => ({ name: 'sleep' })]
  const history = new History(snapshotDax(sb))
  let found: Violation[] = []
  try {
    for (const [i, make] of calls.entries()) {
      machine.tick()
      const last = spoilt && i === calls.length - 1
      if (last && exhibit.when !== undefined) exhibit.sabotage(stage)
      const before = snapshotDax(sb)
      const faults = new FaultLog()
      machine.trace = faults.sink
      const call = daxCallBy(t, 'sleep', make(stage))
      machine.trace = null
      if (last && exhibit.when === undefined) exhibit.sabotage(stage)
      const after = snapshotDax(sb)
      history.advance(before, after, call)
      found = [
        ...violationsOf(coreStateInvariants, after.memory),
        ...violationsOf(coreCallInvariants, { before: before.memory, after: after.memory, call, faults }),
        ...violationsOf(daxStateInvariants, after),
        ...violationsOf(daxCallInvariants, { before, after, call, faults, history }),
      ]
      if (!spoilt) expect(wrongPages({ before, after, call, faults, history })).toEqual([])
    }
  } finally {
    for (const undo of stage.undo) undo()
  }
  return found
}

/** A file of 16 pages with eight of them written. */
function written(calls: typeof k, t: Task, sb: SuperBlock, name: string): DaxFile {
  const file = calls.openCreate(t, sb, name)
  calls.ftruncate(t, file, 16 * PAGE)
  calls.pwriteFill(t, file, 0, 8 * PAGE, 5)
  calls.fsync(t, file)
  return file
}

function address(page: number): number {
  return slot(0) + page * PAGE
}

function mapAndLoad({ t, file }: Stage): void {
  map(k, t, file)
  k.load(t, address(0))
}

function mapAndStore({ t, file }: Stage): void {
  map(k, t, file)
  k.store(t, address(0), 1)
}

function store({ t }: Stage, page: number): MadeCall {
  k.store(t, address(page), 3)
  return { name: 'store', address: address(page), length: 1, byte: 3 }
}

/** Another file gets the blocks of the file. */
function share({ t, sb, file }: Stage): void {
  expect(k.vfsCloneFileRange(t, file, k.openCreate(t, sb, 'b'))).toBe(0)
}

function load(page: number): (stage: Stage) => MadeCall {
  return ({ t }) => ({ name: 'load', address: address(page), length: 1, ret: k.load(t, address(page)) })
}

function fill(page: number): (stage: Stage) => MadeCall {
  return ({ t, file }) => ({
    name: 'fill',
    inode: file.inode,
    offset: page * PAGE,
    length: PAGE,
    byte: 9,
    ret: k.pwriteFill(t, file, page * PAGE, PAGE, 9),
  })
}

/** The place of a page's entry in its array. */
function place(file: DaxFile, page: number): XaState {
  const xas = new XaState(file.inode.entries).set(page, 0)
  xas.load()
  return xas
}

/** Frame of a page of the file. */
function pfn(file: DaxFile, page: number): number {
  return PMEM_BASE_PFN + ExtentTable.of(file.inode).writtenBlock(page)
}

/** The entry of an address as the functions of an architecture take it. */
function entry(t: Task, at: number): [Uint32Array, Uint32Array, number] {
  const { pageTables: pt } = t.machine
  return [pt.lo, pt.hi, pt.pteSlotAt(pt.pmdSlot(t.mm.pgd, at), at)]
}

describe.each(GALLERY)('$id, when $broken', (exhibit) => {
  it('complains', () => {
    const found = complaints(exhibit, true)
    expect([...new Set(found.map(({ invariant }) => invariant))]).toEqual([exhibit.id])
    for (const violation of found) {
      expect(violation.where).not.toBe('')
      expect(violation.found).not.toBe(violation.expected)
    }
  })

  it('has nothing to say otherwise', () => {
    expect(complaints(exhibit, false)).toEqual([])
  })
})

describe('the invariants of DAX', () => {
  const checked = [...daxStateInvariants, ...daxCallInvariants]

  it('are each in the gallery', () => {
    expect(new Set(GALLERY.map(({ id }) => id))).toEqual(new Set(checked.map(({ id }) => id)))
  })

  it('say what they are, once, and where they come from', () => {
    const ids = [...checked, ...daxUncheckedInvariants].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { title, source } of checked) expect([title, source]).not.toContain('')
    expect(daxStateInvariants.every(({ kind }) => kind === 'S')).toBe(true)
    expect(daxCallInvariants.every(({ kind }) => kind === 'T')).toBe(true)
  })
})
