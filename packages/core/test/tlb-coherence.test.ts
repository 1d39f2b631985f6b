import {
  MAP_PRIVATE,
  type Machine,
  STEP_ENTRY_WRITE,
  STEP_TLB_FLUSH,
  type Steps,
  type Task,
} from '@mm-model/core'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { clean, TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, outcome, PAGE } from './world.ts'

/** Two threads of one process, each on its own CPU. */
function threads(): { machine: Machine; here: Task; there: Task; events: string[] } {
  const { machine, task, events } = createWorld({ cpus: 2 })
  return { machine, here: task, there: machine.addTask(task.mm, 1), events }
}

/** Runs up to the `n`th visible step of a kind; whether there was one. */
function runTo(run: Steps<unknown>, step: number, n = 1): boolean {
  for (let seen = 0; ; ) {
    const next = run.next()
    if (next.done === true) return false
    if (next.value === step && ++seen === n) return true
  }
}

const cached = (t: Task, address: number): number => t.machine.tlbs[t.cpu]!.lookup(t.mm.tlbContext, address)

describe.each(forms)('in the %s form', (_form, k) => {
  it('an entry is walked once, and used until it is flushed', () => {
    const { here, events } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    events.length = 0
    // Written behind the TLB's back: the hardware goes on with what it has cached.
    const { pageTables: pt } = here.machine
    const slot = pt.pteSlotAt(pt.pmdSlot(here.mm.pgd, at(0)), at(0))
    const saved = [pt.lo[slot]!, pt.hi[slot]!] as const
    pt.clear(slot)
    expect([k.load(here, at(0)), k.store(here, at(0), 2)]).toEqual([1, 0])
    pt.set(slot, ...saved)
    here.machine.tlbs[0]!.flushPage(here.mm.tlbContext, at(0))
    expect(k.load(here, at(0))).toBe(2)
    expect(events).toEqual([])
  })

  it('a CPU that never saw an entry walks for itself', () => {
    const { here, there, events } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    events.length = 0
    expect(k.load(there, at(0))).toBe(1)
    expect(events).toEqual([])
  })

  it('a store walks again while the cached translation is clean', () => {
    const { here } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    const { pageTables: pt, arch } = here.machine
    const slot = pt.pteSlotAt(pt.pmdSlot(here.mm.pgd, at(0)), at(0))
    arch.pteMkclean(pt.lo, pt.hi, slot)
    here.machine.tlbs[0]!.flushPage(here.mm.tlbContext, at(0))
    k.load(here, at(0))
    expect(arch.pteDirty(pt.lo, pt.hi, slot)).toBe(false)
    k.store(here, at(0), 2)
    expect(arch.pteDirty(pt.lo, pt.hi, slot)).toBe(true)
  })

  it('every CPU is flushed', () => {
    const { here, there } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    k.load(there, at(0))
    k.mprotect(here, at(0), PAGE, 1)
    expect([cached(here, at(0)), cached(there, at(0))]).toEqual([-1, -1])
    k.store(there, at(0), 2)
    expect(outcome(there)).toBe('SIGSEGV/SEGV_ACCERR')
  })

  it('other address spaces keep what they have', () => {
    const { machine, here } = threads()
    const other = machine.createTask(0)
    mapAnon(k, here)
    mapAnon(k, other, { first: 2000 })
    k.store(here, at(0), 1)
    k.store(other, at(2000), 2)
    k.munmap(here, at(0), 8 * PAGE)
    expect(cached(other, at(2000))).toBeGreaterThanOrEqual(0)
    expect([k.load(other, at(2000)), k.load(here, at(0))]).toEqual([2, -1])
  })

  describe('a range', () => {
    const CEILING = threads().machine.machineArch.tlbFlushCeiling

    it.each([
      [CEILING, 'page by page', true],
      [CEILING + 1, 'as a whole', false],
    ])('of %d pages is flushed %s', (pages, _how, othersStay) => {
      const { here, events } = threads()
      mapAnon(k, here, { pages: 64 })
      for (const page of [0, pages - 1, 60]) k.store(here, at(page), 1)
      for (let page = 0; page < pages; page++) k.load(here, at(page))
      const context = here.mm.tlbContext
      events.length = 0
      k.madvise(here, at(0), pages * PAGE, 4)
      expect(events).toContain(`flush_tlb_mm_range ${at(0).toString(16)} ${at(pages).toString(16)} 0`)
      expect(here.mm.tlbContext === context).toBe(othersStay)
      expect(cached(here, at(60)) >= 0).toBe(othersStay)
      for (let page = 0; page < pages; page++) expect(cached(here, at(page))).toBe(-1)
    })

    it('is flushed by what was in it: one 2 MiB page is one flush', () => {
      const { here } = threads()
      const file = new TinyFile({ huge: true, pages: 1024 })
      mapFile(k, here, file, { first: 256, pages: 512 })
      mapAnon(k, here)
      k.store(here, at(256), 1)
      k.store(here, at(0), 1)
      k.madvise(here, at(256), 512 * PAGE, 4)
      expect(leaf(here, at(256))).toBe('none')
      expect([cached(here, at(256)), cached(here, at(300))]).toEqual([-1, -1])
      expect(cached(here, at(0))).toBeGreaterThanOrEqual(0)
    })

    it('is flushed whole when a 2 MiB page is split', () => {
      const { here } = threads()
      const file = new TinyFile({ huge: true, pages: 1024 })
      mapFile(k, here, file, { first: 256, pages: 512 })
      k.store(here, at(256), 1)
      const context = here.mm.tlbContext
      // flush_pmd_tlb_range has a stride of one page on x86: 512 of them are above the ceiling.
      k.madvise(here, at(256), PAGE, 4)
      expect(here.mm.tlbContext).not.toBe(context)
    })

    it('is not flushed where nothing was mapped', () => {
      const { here, events } = threads()
      mapAnon(k, here)
      events.length = 0
      k.madvise(here, at(0), 8 * PAGE, 4)
      expect(events).toEqual([])
    })

    it('is not flushed where rights are only added', () => {
      const { here, events } = threads()
      mapAnon(k, here, { prot: 'r' })
      k.load(here, at(0))
      events.length = 0
      k.mprotect(here, at(0), PAGE, 3)
      // The zero page keeps its entry read-only: what changed is nothing that hardware may not go on using.
      expect(events.filter((event) => event.startsWith('flush'))).toEqual([])
    })
  })

  it('fork flushes the parent as a whole', () => {
    const { here, there } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    k.load(there, at(0))
    const context = here.mm.tlbContext
    k.fork(here)
    expect(here.mm.tlbContext).not.toBe(context)
    expect([cached(here, at(0)), cached(there, at(0))]).toEqual([-1, -1])
  })

  it.each([
    ['some pages', 3, 0],
    ['a whole table', 512, 256],
  ])('what mremap moves is not reached at the old place: %s', (_what, pages, first) => {
    const { here, there } = threads()
    const file = new TinyFile({ pages: 1024 })
    mapFile(k, here, file, { first, pages })
    k.store(here, at(first), 1)
    k.load(there, at(first))
    // Not a multiple of the TLB's 1024 sets away, or the new place would push the old one out.
    const to = at(2560 + first)
    expect(k.mremap(here, at(first), pages * PAGE, pages * PAGE, 3, to)).toBe(to)
    for (const t of [here, there]) {
      expect([k.load(t, at(first)), outcome(t), k.load(t, to)]).toEqual([-1, 'SIGSEGV/SEGV_MAPERR', 1])
    }
  })

  it('a frame that was freed is not seen through a cached translation', () => {
    const { here, there, machine } = threads()
    mapAnon(k, here)
    k.store(here, at(0), 1)
    k.load(there, at(0))
    k.madvise(here, at(0), PAGE, 4)
    expect(machine.memory.ramInUse).toBe(0)
    expect([k.load(there, at(0)), k.load(here, at(0))]).toEqual([0, 0])
  })
})

describe('until the flush, another CPU goes on', () => {
  const k = forms[0]![1]

  it('storing to what mprotect has made read-only', () => {
    const { here, there } = threads()
    mapAnon(k, here)
    k.store(there, at(0), 1)
    const run = steps.mprotect(here, at(0), PAGE, 1)
    expect(runTo(run, STEP_TLB_FLUSH)).toBe(true)
    expect(leaf(here, at(0))).toBe('8000000000000865 ram')
    expect([k.store(there, at(0), 2), outcome(there)]).toEqual([0, 'ok'])
    while (run.next().done !== true);
    expect(k.store(there, at(0), 3)).toBe(-1)
    expect(k.load(there, at(0))).toBe(2)
  })

  it('loading a page that madvise has cleared, which is not handed out before', () => {
    const { here, there, machine } = threads()
    mapAnon(k, here)
    k.store(there, at(0), 1)
    const run = steps.madvise(here, at(0), PAGE, 4)
    expect(runTo(run, STEP_TLB_FLUSH)).toBe(true)
    expect(leaf(here, at(0))).toBe('none')
    expect(k.load(there, at(0))).toBe(1)
    expect(machine.memory.ramInUse).toBe(1)
    while (run.next().done !== true);
    expect(machine.memory.ramInUse).toBe(0)
    expect(k.load(there, at(0))).toBe(0)
  })

  it('storing while writeback cleans, and the store is not lost', () => {
    const { here, there, machine } = threads()
    const file = new TinyFile()
    mapFile(k, here, file)
    k.store(there, at(0), 1)
    const run = clean(here, file, 0, 1)
    expect(runTo(run, STEP_TLB_FLUSH)).toBe(true)
    expect(leaf(here, at(0))).toBe('none')
    expect(k.store(there, at(0), 2)).toBe(0)
    while (run.next().done !== true);
    expect(leaf(here, at(0))).toBe('8400000000000a25 pmem+0')
    expect(machine.memory.readByte(file.firstPfn, 0)).toBe(2)
  })

  it('reading the old page of a private copy, never a mixture', () => {
    const { here, there, machine } = threads()
    const file = new TinyFile()
    machine.memory.fillPmem(0, 0, PAGE, 9)
    mapFile(k, here, file, { flags: MAP_PRIVATE })
    k.load(here, at(0))
    k.load(there, at(0))
    const run = steps.store(here, at(0), 7)
    // The entry is cleared, flushed, and only then set to the copy.
    expect(runTo(run, STEP_ENTRY_WRITE)).toBe(true)
    expect(runTo(run, STEP_TLB_FLUSH)).toBe(true)
    expect([leaf(here, at(0)), k.load(there, at(0))]).toEqual(['none', 9])
    expect(runTo(run, STEP_ENTRY_WRITE)).toBe(true)
    expect(cached(there, at(0))).toBe(-1)
    while (run.next().done !== true);
    expect([k.load(there, at(0)), k.load(there, at(0) + 1)]).toEqual([7, 9])
  })
})
