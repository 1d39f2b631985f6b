/**
 * What a state alone does not tell: what has been stored and not yet flushed, what the journal has, who is synchronising.
 *
 * A history is never changed: a step in which something happens leads to another. So a search that goes back to a state has
 * that state's history at hand, and need not hear the steps before it again.
 * @module
 */

import {
  EVENT_COMMITTED,
  EVENT_FLUSHED,
  EVENT_STORED,
  EVENT_STORED_PRIVATE,
  EVENT_SYNC,
  EVENT_SYNCED,
  EVENT_WRITTEN,
  EVENT_ZEROED,
  type Machine,
  PMEM_BASE_PFN,
  type Task,
} from '@mm-model/core'
import {
  type DaxFile,
  type DaxInode,
  type DaxSnapshot,
  EntryTable,
  ExtentTable,
  snapshotDax,
} from '@mm-model/dax'
import {
  type Fact,
  NOTHING_REMEMBERED,
  pastOf,
  type Remembered,
  remember,
  rememberedOf,
  type Said,
} from './facts.ts'
import type { Mix } from './mix.ts'
import type { Instance } from './program.ts'

/** A range of a file that somebody synchronises. */
export interface Sync {
  readonly thread: number
  /** Name of the file. */
  readonly file: string
  /** Pages `first … last`; `last` `Infinity` for all. */
  readonly first: number
  readonly last: number
  /** {@link RunHistory.clock} when it began. */
  readonly since: number
}

/** What a journal commit has kept of a file. */
export interface CommittedFile {
  readonly size: number
  readonly extents: ExtentTable
}

/** What happened in one step. */
export interface Happened {
  /** Frames zeroed because a file got them. */
  readonly zeroed: readonly number[]
  /** Frames stored to. */
  readonly stored: readonly { readonly pfn: number; readonly isPrivate: boolean }[]
  /** Frames written to past the caches. */
  readonly written: readonly number[]
  /** What was synchronised, successfully. */
  readonly synced: readonly Sync[]
  /** What the step has said, of the kinds that a rule asks for. */
  readonly facts: readonly Fact[]
}

const NOTHING: Happened = Object.freeze({ zeroed: [], stored: [], written: [], synced: [], facts: [] })

export class RunHistory {
  /** Stores so far. */
  readonly clock: number
  /** Per frame that holds stores which are not flushed: the number of the first of them; 0 for one before the threads began. */
  readonly unflushed: ReadonlyMap<number, number>
  /**
   * Per frame the first store of all: 0 for one before the threads began that was not flushed. It stays when the frame is.
   */
  readonly stores: ReadonlyMap<number, number>
  /** What the device has of these frames; a frame that is not here is there as memory shows it. */
  readonly device: ReadonlyMap<number, Uint8Array>
  /** What the journal has of each file, by name. */
  readonly committed: ReadonlyMap<string, CommittedFile>
  /** Synchronising calls in progress. */
  readonly syncs: readonly Sync[]
  /** What was said so far and matters. */
  readonly remembered: Remembered
  /** In the step that led here. */
  readonly happened: Happened
  #snapshotOf: Instance | null = null
  #snapshot: DaxSnapshot | null = null

  constructor(init: Omit<RunHistory, 'add' | 'deviceByte' | 'atEnd' | 'quiet' | 'recalled' | 'isAs'>) {
    this.clock = init.clock
    this.unflushed = init.unflushed
    this.stores = init.stores
    this.device = init.device
    this.committed = init.committed
    this.syncs = init.syncs
    this.remembered = init.remembered
    this.happened = init.happened
  }

  /** Of nothing at all. */
  static readonly empty: RunHistory = new RunHistory({
    clock: 0,
    unflushed: new Map(),
    stores: new Map(),
    device: new Map(),
    committed: new Map(),
    syncs: [],
    remembered: NOTHING_REMEMBERED,
    happened: NOTHING,
  })

  /**
   * The history of an instance that has been set up: entries that are tagged dirty have stores that are not flushed, and an
   * inode that fdatasync would have to commit is not in the journal.
   */
  static of(instance: Instance): RunHistory {
    const { files = [] } = instance
    const unflushed = new Map<number, number>()
    const committed = new Map<string, CommittedFile>()
    for (const { inode } of files) {
      for (const entry of EntryTable.of(inode.entries, inode.sb.entryFormat).all) {
        if (!entry.dirty || entry.kind !== 'block') continue
        for (let i = 0; i < entry.pages; i++) unflushed.set(entry.pfn + i, 0)
      }
      if (!inode.sb.personality.datasyncDirty(inode)) committed.set(inode.name, commitOf(inode))
    }
    return new RunHistory({
      clock: 0,
      unflushed,
      stores: unflushed,
      device: new Map(),
      committed,
      syncs: [],
      remembered: rememberedOf(instance),
      happened: NOTHING,
    })
  }

  /** This history once a step has run in which nothing happened. */
  quiet(): RunHistory {
    return this.happened === NOTHING ? this : new RunHistory({ ...this, happened: NOTHING })
  }

  /** This history once thread `i`, of `task`, has run a step that says of its fault what it said before. */
  recalled(i: number, facts: readonly Said[], task: Task): RunHistory {
    let { remembered } = this
    for (const said of facts)
      remembered = remember(remembered, i, { ...said, task, past: pastOf(remembered, i) })
    if (remembered === this.remembered) return this.quiet()
    return new RunHistory({ ...this, remembered, happened: NOTHING })
  }

  /** Whether {@link add} would say the same of both, since one has led to the other by steps that change nothing of that. */
  isAs(other: RunHistory): boolean {
    return (
      this.unflushed === other.unflushed &&
      this.stores === other.stores &&
      this.device === other.device &&
      this.committed === other.committed &&
      this.syncs === other.syncs &&
      this.remembered.copies === other.remembered.copies &&
      this.remembered.spurious === other.remembered.spurious
    )
  }

  /**
   * Adds what rules can tell of it in this state and later ones: which stores came before which synchronising call, not when.
   */
  add(mix: Mix): void {
    for (const sync of this.syncs) mix.add(sync.thread).text(sync.file).number(sync.first).number(sync.last)
    for (const stores of [this.unflushed, this.stores]) {
      for (const [pfn, number] of [...stores].sort(([a], [b]) => a - b)) {
        mix.number(pfn).add(number === 0 ? 0 : 1)
        for (const { since } of this.syncs) mix.add(number <= since ? 1 : 0)
      }
      mix.add(7)
    }
    for (const [pfn, bytes] of [...this.device].sort(([a], [b]) => a - b)) mix.number(pfn).bytes(bytes)
    for (const [name, { size, extents }] of this.committed) mix.text(name).number(size).deep(extents.all)
    for (const copy of [...this.remembered.copies].sort()) mix.text(copy)
    mix.text(this.remembered.spurious)
  }

  /** What a power failure would leave in a byte of a frame. */
  deviceByte(machine: Machine, pfn: number, offset: number): number {
    return this.device.get(pfn)?.[offset] ?? machine.memory.readByte(pfn, offset)
  }

  /** The instance as it is now that all threads have ended, copied once for all rules. */
  atEnd(instance: Instance): DaxSnapshot | null {
    const sb = instance.files?.[0]?.inode.sb
    if (sb === undefined) return null
    if (this.#snapshotOf !== instance) this.#snapshot = snapshotDax(sb)
    this.#snapshotOf = instance
    return this.#snapshot
  }
}

/** Listens to the events of one step, and gives the history after it. */
export class Historian {
  #instance: Instance | null = null
  #thread = 0
  #from: RunHistory | null = null
  #clock = 0
  #unflushed: Map<number, number> | null = null
  #stores: Map<number, number> | null = null
  #device: Map<number, Uint8Array> | null = null
  #committed: Map<string, CommittedFile> | null = null
  #syncs: readonly Sync[] = []
  #zeroed: number[] = []
  #stored: { pfn: number; isPrivate: boolean }[] = []
  #synced: Sync[] = []
  #written: string[] = []
  #facts: Fact[] = []
  #remembered: Remembered = NOTHING_REMEMBERED
  #heard = false
  /** Kinds of events that rules ask for; a bit each. */
  readonly asked: number

  constructor(asked: number) {
    this.asked = asked
  }

  /** A step of the thread begins. */
  begin(instance: Instance, thread: number, from: RunHistory): void {
    this.#instance = instance
    this.#thread = thread
    this.#from = from
    this.#heard = false
  }

  /** An `EVENT_*` of that step, which is {@link asked} for. */
  hear(kind: number, id: number | string, task: Task | undefined): void {
    if (!this.#heard) this.#open()
    if (task !== undefined) {
      this.#hearFact({
        kind,
        words: (id as string).split(' '),
        task,
        past: pastOf(this.#remembered, this.#thread),
      })
      return
    }
    switch (kind) {
      case EVENT_STORED:
        this.#store(id as number, false)
        break
      case EVENT_STORED_PRIVATE:
        this.#store(id as number, true)
        break
      case EVENT_WRITTEN:
        this.#written.push(id as string)
        break
      case EVENT_ZEROED:
        this.#zeroed.push(id as number)
        break
      case EVENT_FLUSHED:
        this.#unflushed ??= new Map(this.#from!.unflushed)
        this.#unflushed.delete(id as number)
        this.#device ??= new Map(this.#from!.device)
        this.#device.delete(id as number)
        break
      case EVENT_COMMITTED:
        this.#committed = new Map(filesOf(this.#instance!).map((inode) => [inode.name, commitOf(inode)]))
        break
      case EVENT_SYNC:
        this.#syncs = [...this.#syncs, { thread: this.#thread, since: this.#clock, ...rangeOf(id as string) }]
        break
      case EVENT_SYNCED:
        this.#endSync(id as string)
        break
    }
  }

  /** The history after the step. */
  end(): RunHistory {
    const from = this.#from!
    if (!this.#heard) return from.quiet()
    this.#takeWrites()
    return new RunHistory({
      clock: this.#clock,
      unflushed: this.#unflushed ?? from.unflushed,
      stores: this.#stores ?? from.stores,
      device: this.#device ?? from.device,
      committed: this.#committed ?? from.committed,
      syncs: this.#syncs,
      remembered: this.#remembered,
      happened: {
        zeroed: this.#zeroed,
        stored: this.#stored,
        written: this.#written.map((id) => Number.parseInt(id, 10)),
        synced: this.#synced,
        facts: this.#facts,
      },
    })
  }

  #hearFact(fact: Fact): void {
    this.#facts.push(fact)
    this.#remembered = remember(this.#remembered, this.#thread, fact)
  }

  #open(): void {
    const from = this.#from!
    this.#heard = true
    this.#clock = from.clock
    this.#unflushed = null
    this.#stores = null
    this.#device = null
    this.#committed = null
    this.#syncs = from.syncs
    this.#zeroed = []
    this.#stored = []
    this.#synced = []
    this.#written = []
    this.#facts = []
    this.#remembered = from.remembered
  }

  #store(pfn: number, isPrivate: boolean): void {
    const { memory } = this.#instance!.machine
    this.#stored.push({ pfn, isPrivate })
    if (!memory.isPmem(pfn)) return
    this.#clock++
    this.#unflushed ??= new Map(this.#from!.unflushed)
    if (!this.#unflushed.has(pfn)) this.#unflushed.set(pfn, this.#clock)
    if (!(this.#stores ?? this.#from!.stores).has(pfn)) {
      this.#stores ??= new Map(this.#from!.stores)
      this.#stores.set(pfn, this.#clock)
    }
    if (this.#device?.has(pfn) ?? this.#from!.device.has(pfn)) return
    this.#device ??= new Map(this.#from!.device)
    this.#device.set(pfn, memory.pmemPage(pfn - PMEM_BASE_PFN)?.slice() ?? new Uint8Array(4096))
  }

  /** What went past the caches is on the device at once: in a frame that is otherwise not, these bytes are as in memory now. */
  #takeWrites(): void {
    const { memory } = this.#instance!.machine
    for (const id of this.#written) {
      const [pfn, from, to] = id.split(' ').map(Number) as [number, number, number]
      const bytes = (this.#device ?? this.#from!.device).get(pfn)?.slice()
      if (bytes === undefined) continue
      for (let at = from; at < to; at++) bytes[at] = memory.readByte(pfn, at)
      this.#device ??= new Map(this.#from!.device)
      this.#device.set(pfn, bytes)
    }
  }

  #endSync(id: string): void {
    const { file, first, last } = rangeOf(id)
    const at = this.#syncs.findLastIndex(
      (sync) =>
        sync.thread === this.#thread && sync.file === file && sync.first === first && sync.last === last,
    )
    if (at < 0) return
    this.#synced.push(this.#syncs[at]!)
    this.#syncs = this.#syncs.filter((_, i) => i !== at)
  }
}

function filesOf({ files = [] }: Instance): DaxInode[] {
  return files.map(({ inode }: DaxFile) => inode)
}

function commitOf(inode: DaxInode): CommittedFile {
  return { size: inode.size, extents: ExtentTable.of(inode) }
}

/** `name first last`, of an event. */
function rangeOf(id: string): { file: string; first: number; last: number } {
  const [file, first, last] = id.split(' ')
  return { file: file!, first: Number(first), last: last === '-1' ? Infinity : Number(last) }
}
