/*
 * Each invariant of the core is able to fail: a gallery of broken machines. A row makes a state, lets one call run if the
 * rule is about calls, breaks what came out of it, and exactly that rule complains. Unbroken, none does.
 */
import {
  type Call,
  callBy,
  coreCallInvariants,
  coreStateInvariants,
  coreUncheckedInvariants,
  FAULT_FLAG_MKWRITE,
  FaultLog,
  type Machine,
  snapshotMachine,
  type Task,
  TLB_WRITE,
  type TraceSink,
  type Violation,
  VM_FAULT_DONE_COW,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_MAYWRITE,
  type Vma,
  violationsOf,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import { describe, expect, it } from 'vitest'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, mapAnon, mapFile, PAGE } from './world.ts'

interface Stage {
  readonly machine: Machine
  readonly t: Task
  readonly file: TinyFile
}

interface Exhibit {
  readonly id: string
  readonly broken: string
  /** Before the first snapshot. */
  readonly setUp: (stage: Stage) => void
  /** Between the snapshots. */
  readonly call?: (stage: Stage) => Partial<Call> & Pick<Call, 'name'>
  /** After the call, or before it where the call itself goes wrong. */
  readonly sabotage: (stage: Stage) => void
  readonly when?: 'before the call'
}

const GALLERY: readonly Exhibit[] = [
  {
    id: 'I1',
    broken: 'mprotect took the right to write from the area, and not from the entry',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.store(t, at(0), 1)
      plain.mprotect(t, at(0), PAGE, 1)
    },
    sabotage: ({ t }) => t.machine.arch.pteMkwrite(...entry(t, at(0))),
  },
  {
    id: 'I2',
    broken: 'fork left the entry of a page that both have writable',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.store(t, at(0), 1)
      plain.fork(t)
    },
    sabotage: ({ t }) => t.machine.arch.pteMkwrite(...entry(t, at(0))),
  },
  {
    id: 'I2',
    broken: 'a private area maps the page of a file writable',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file, { flags: 2 })
      plain.load(t, at(0))
    },
    sabotage: ({ t }) => t.machine.arch.pteMkwrite(...entry(t, at(0))),
  },
  {
    id: 'I3',
    broken: 'an area that wants to notice writes has a writable protection',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t }) => {
      area(t).vmPageProtLo |= 2
    },
  },
  {
    id: 'I4',
    broken: 'an entry is left where nothing is mapped',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file, { pages: 1 })
      plain.load(t, at(0))
    },
    sabotage: ({ t }) => {
      const [lo, hi, slot] = entry(t, at(0))
      t.machine.pageTables.set(slot + 5, lo[slot]!, hi[slot]!)
    },
  },
  {
    id: 'I4',
    broken: 'an area has a right that it may not have',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t }) => {
      area(t).vmFlags &= ~VM_MAYWRITE
    },
  },
  {
    id: 'I4',
    broken: 'an area is shared and not MAYSHARE',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t }) => {
      area(t).vmFlags &= ~VM_MAYSHARE
    },
  },
  {
    id: 'I4',
    broken: 'an area ends in the next one',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file, { pages: 2 })
      mapFile(plain, t, file, { first: 2, pages: 2, prot: 'r' })
      plain.load(t, at(3))
    },
    sabotage: ({ t }) => {
      area(t).vmEnd += PAGE
      t.mm.totalVm++
    },
  },
  {
    id: 'I4',
    broken: 'the mapping of a file does not know an area of it',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t, file }) => file.mapping.removeVma(area(t)),
  },
  {
    id: 'I5',
    broken: 'mprotect took the right to execute from the area, and not from the entry',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file, { prot: 'rx' })
      plain.load(t, at(0))
    },
    call: ({ t }) => ({ name: 'mprotect', ret: plain.mprotect(t, at(0), PAGE, 1) }),
    sabotage: ({ t }) => t.machine.arch.pteMkexec(...entry(t, at(0))),
  },
  {
    id: 'I6',
    broken: 'mprotect made the entry of a clean page writable',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.store(t, at(0), 1)
      plain.mprotect(t, at(0), PAGE, 1)
      t.machine.arch.pteMkclean(...entry(t, at(0)))
    },
    call: ({ t }) => ({ name: 'mprotect', ret: plain.mprotect(t, at(0), PAGE, 3) }),
    sabotage: ({ t }) => t.machine.arch.pteMkwrite(...entry(t, at(0))),
  },
  {
    id: 'I7',
    broken: 'mlock locked a DAX area',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t }) => {
      area(t).vmFlags |= VM_LOCKED
    },
  },
  {
    id: 'I8',
    broken: 'a CPU kept a right to write that no entry gives',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.load(t, at(0))
    },
    sabotage: ({ machine, t }) =>
      machine.tlbs[0]!.fill(t.mm.tlbContext, at(0), machine.arch.ptePfn(...entry(t, at(0))), TLB_WRITE),
  },
  {
    id: 'I8',
    broken: 'writeback write-protected an entry and skipped the flush',
    setUp: ({ machine, t, file }) => {
      mapFile(plain, t, file)
      plain.store(t, at(0), 1)
      machine.tlbs[0]!.flushPage = () => {}
    },
    sabotage: ({ t, file }) => plain.pfnMkcleanRange(t, area(t), file.firstPfn, 1, 0),
  },
  {
    id: 'I12',
    broken: 'the zero page can be stored to',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.load(t, at(0))
    },
    sabotage: ({ t }) => t.machine.arch.pteMkwrite(...entry(t, at(0))),
  },
  {
    id: 'I18',
    broken: 'two entries point to one table',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file)
      plain.load(t, at(0))
    },
    sabotage: ({ machine: { pageTables: pt }, t }) => {
      const pmd = pt.pmdSlot(t.mm.pgd, at(0))
      pt.set(pmd + 1, pt.lo[pmd]!, pt.hi[pmd]!)
    },
  },
  {
    id: 'I27',
    broken: 'a handler leaves its fsync to the fault path',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ file }) => void file.answers.push(VM_FAULT_NEEDDSYNC | VM_FAULT_NOPAGE),
    call: load,
    when: 'before the call',
  },
  {
    id: 'I41',
    broken: 'a fault has two results',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ file }) => void file.answers.push(VM_FAULT_DONE_COW | VM_FAULT_NOPAGE),
    call: load,
    when: 'before the call',
  },
  {
    id: 'I42',
    broken: 'a fault on no entry at all says MKWRITE',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ file }) => {
      const { fault } = file.vmOperations.plain
      Object.assign(file.vmOperations.plain, {
        fault: (...[t, vmf]: Parameters<typeof fault>) => {
          vmf.flags |= FAULT_FLAG_MKWRITE
          return fault(t, vmf)
        },
      })
    },
    call: load,
    when: 'before the call',
  },
  {
    id: 'I43',
    broken: 'a handler says twice that it installed a page, and did not',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ file }) => void file.answers.push(VM_FAULT_NOPAGE, VM_FAULT_NOPAGE),
    call: load,
    when: 'before the call',
  },
  {
    id: 'I44',
    broken: 'a call returns with a lock held',
    setUp: ({ t, file }) => void mapFile(plain, t, file),
    sabotage: ({ t, file }) => plain.downRead(t, file.mapping.invalidateLock),
  },
  {
    id: 'I44',
    broken: 'a fault runs while another task holds mmap_lock for writing',
    setUp: ({ t }) => void anonymous(t, 'rw'),
    sabotage: ({ machine, t }) => {
      const other = machine.addTask(t.mm, 0)
      machine.trace = late(machine.trace, () => {
        t.mm.mmapLock.writer = null
      })
      plain.downRead(t, t.mm.mmapLock)
      t.mm.mmapLock.writer = other
      plain.handleMmFault(t, area(t), at(0), 0)
      plain.upRead(t, t.mm.mmapLock)
    },
  },
  {
    id: 'I45',
    broken: 'a RAM frame is lost',
    setUp: ({ t }) => void anonymous(t, 'rw'),
    sabotage: ({ machine }) => void machine.memory.allocPage(),
  },
  {
    id: 'I45',
    broken: 'a table page is lost',
    setUp: ({ t }) => void anonymous(t, 'rw'),
    sabotage: ({ machine }) => void machine.pageTables.allocTable(),
  },
  {
    id: 'I45',
    broken: 'a page counts one entry too many',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.store(t, at(0), 1)
    },
    sabotage: ({ machine, t }) => machine.memory.addRmap(machine.arch.ptePfn(...entry(t, at(0)))),
  },
  {
    id: 'I45',
    broken: 'an address space forgets that it mapped a page',
    setUp: ({ t }) => void anonymous(t, 'rw'),
    sabotage: ({ t }) => {
      t.mm.totalVm--
    },
  },
  {
    id: 'I50',
    broken: 'fork copied the entries of a shared DAX area',
    setUp: ({ t, file }) => {
      mapFile(plain, t, file)
      plain.load(t, at(0))
    },
    call: ({ t }) => ({ name: 'fork', child: plain.fork(t) }),
    sabotage: ({ machine }) => void plain.load(machine.tasks.at(-1)!, at(0)),
  },
  {
    id: 'I50',
    broken: 'fork left a private page writable in the parent',
    setUp: ({ t }) => {
      anonymous(t, 'rw')
      plain.store(t, at(0), 1)
    },
    call: ({ t }) => ({ name: 'fork', child: plain.fork(t) }),
    sabotage: ({ t }) => void plain.store(t, at(0), 2),
  },
]

/** Runs a row, broken or not, and says which rules complain. */
function complaints({ setUp, call, sabotage, when }: Exhibit, break_: boolean): Violation[] {
  const { machine, task: t } = createWorld()
  machine.trace = null
  const stage = { machine, t, file: new TinyFile() }
  setUp(stage)
  const before = snapshotMachine(machine)
  const faults = new FaultLog()
  machine.trace = faults.sink
  if (break_ && when === 'before the call') sabotage(stage)
  const made = callBy(t, 'sleep', call?.(stage))
  if (break_ && when !== 'before the call') sabotage(stage)
  machine.trace = null
  const after = snapshotMachine(machine)
  return [
    ...violationsOf(coreStateInvariants, after),
    ...violationsOf(coreCallInvariants, { before, after, call: made, faults }),
  ]
}

function load({ t }: Stage): { name: string; address: number } {
  plain.load(t, at(0))
  return { name: 'load', address: at(0) }
}

function anonymous(t: Task, prot: string): void {
  mapAnon(plain, t, { pages: 4, prot })
}

/** The entry of an address as the functions of an architecture take it. */
function entry(t: Task, address: number): [Uint32Array, Uint32Array, number] {
  const { pageTables: pt } = t.machine
  return [pt.lo, pt.hi, pt.pteSlotAt(pt.pmdSlot(t.mm.pgd, address), address)]
}

function area(t: Task): Vma {
  return t.mm.areas.findVma(at(0))!
}

/** A sink that does something after the first fault was seen beginning. */
function late(sink: TraceSink | null, act: () => void): TraceSink {
  return (name, t, a, b, c) => {
    sink?.(name, t, a, b, c)
    if (name === 'handle_mm_fault') act()
  }
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

it('a page that no fault installs ends populate, too', () => {
  const { task: t } = createWorld()
  const file = new TinyFile()
  mapFile(plain, t, file)
  file.answers.push(...Array<number>(100).fill(VM_FAULT_NOPAGE))
  expect(() => plain.madvise(t, at(0), PAGE, 22)).toThrow(expect.objectContaining({ code: 'NO_PROGRESS' }))
})

describe('the invariants of the core', () => {
  const checked = [...coreStateInvariants, ...coreCallInvariants]

  it('are each in the gallery', () => {
    expect(new Set(GALLERY.map(({ id }) => id))).toEqual(new Set(checked.map(({ id }) => id)))
  })

  it('say what they are, once, and where they come from', () => {
    const ids = [...checked, ...coreUncheckedInvariants].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { title, source } of checked) expect([title, source]).not.toContain('')
    expect(coreStateInvariants.every(({ kind }) => kind === 'S')).toBe(true)
    expect(coreCallInvariants.every(({ kind }) => kind === 'T')).toBe(true)
  })

  it('change nothing', () => {
    const { machine, task: t } = createWorld()
    anonymous(t, 'rw')
    plain.store(t, at(0), 1)
    const fork = plain.fork(t)
    const state = (): unknown => [
      machine.pageTables.lo.slice(),
      machine.pageTables.hi.slice(),
      machine.memory.ramInUse,
    ]
    const before = state()
    violationsOf(coreStateInvariants, snapshotMachine(machine))
    expect(state()).toEqual(before)
    expect([plain.load(t, at(0)), plain.load(fork, at(0))]).toEqual([1, 1])
  })
})
