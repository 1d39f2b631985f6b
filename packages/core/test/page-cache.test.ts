/* Pages of a page cache: what a backend of an old kernel hands to the core, and what becomes of the frames. */
import {
  CachedPage,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  kernel45,
  kernel61,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  runSteps,
  type Task,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
  VM_MIXEDMAP,
  type VmFault,
  type VmOperationsForm,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { retry } from './strategies.ts'
import { TinyFile } from './tiny-file.ts'

const AT = 0x600000000000
const PAGE = 4096

/** A file whose handlers are a test's; it maps nothing by itself. */
class HandledFile extends TinyFile {
  constructor(handlers: Partial<VmOperationsForm<number>>) {
    super({ vmFlags: VM_MIXEDMAP })
    Object.assign(this.vmOperations, {
      steps: {},
      plain: { hugeFault: null, pfnMkwrite: () => VM_FAULT_NOPAGE, ...handlers },
    })
  }
}

function machineOf(kernel = kernel45): { machine: Machine; task: Task } {
  const machine = new Machine({ strategy: retry, kernel, pmemPages: 1024, ramPages: 1024 })
  return { machine, task: machine.createTask() }
}

function mapFile(task: Task, file: TinyFile, flags: number): void {
  expect(
    plain.mmap(task, { address: AT, length: 4 * PAGE, prot: 3, flags: flags | MAP_FIXED, file, offset: 0 }),
  ).toBe(AT)
}

/** `->fault` of a load: the page of the page cache, locked. */
function cachedFault(t: Task, vmf: VmFault): number {
  const { mapping } = vmf.vma.vmFile!
  const known = mapping.pages.find(vmf.pgoff)
  const page = known ?? new CachedPage(t.machine.memory.allocFilePage(), vmf.pgoff, mapping, 'tiny')
  if (known === null) mapping.pages.add(page)
  page.lock.writer = t
  vmf.page = page
  return VM_FAULT_LOCKED
}

describe('a page that a handler returns', () => {
  it.each([kernel61, kernel45])('is mapped read-only and unlocked, on $name', (kernel) => {
    const { machine, task } = machineOf(kernel)
    const file = new HandledFile({ fault: cachedFault })
    mapFile(task, file, MAP_SHARED)
    expect(plain.load(task, AT)).toBe(0)
    const page = file.mapping.pages.find(0)!
    const { pageTables: pt, arch, memory } = machine
    const slot = pt.pteSlotAt(pt.pmdSlot(task.mm.pgd, AT), AT)
    expect(arch.ptePfn(pt.lo, pt.hi, slot)).toBe(page.pfn)
    expect(arch.pteWrite(pt.lo, pt.hi, slot)).toBe(false)
    expect(arch.pteSpecial(pt.lo, pt.hi, slot)).toBe(false)
    expect(page.lock.writer).toBeNull()
    expect([memory.isFilePage(page.pfn), memory.mapcount(page.pfn)]).toEqual([true, 1])
  })

  it('goes when nothing maps it and the cache let go, whichever came first', () => {
    const { machine, task } = machineOf()
    const { memory } = machine
    const file = new HandledFile({ fault: cachedFault })
    mapFile(task, file, MAP_SHARED)
    const before = memory.ramInUse
    plain.load(task, AT)
    plain.load(task, AT + PAGE)
    const [first, second] = [file.mapping.pages.find(0)!, file.mapping.pages.find(1)!]
    file.mapping.pages.delete(first)
    memory.uncache(first.pfn)
    expect(memory.ramInUse).toBe(before + 2)
    plain.munmap(task, AT, 4 * PAGE)
    expect(memory.ramInUse).toBe(before + 1)
    file.mapping.pages.delete(second)
    memory.uncache(second.pfn)
    expect(memory.ramInUse).toBe(before)
    expect(second.mapping).toBeNull()
  })

  it('keeps a page that was gathered until everybody has flushed, whoever takes it out of the cache meanwhile', () => {
    const { memory } = new Machine({ strategy: retry, pmemPages: 1, ramPages: 8 })
    const pfn = memory.allocFilePage()
    for (let entry = 0; entry < 2; entry++) memory.addRmap(pfn)
    for (let entry = 0; entry < 2; entry++) expect(memory.gather(pfn)).toBe(true)
    memory.uncache(pfn)
    expect(memory.ramInUse).toBe(1)
    memory.putGathered(pfn)
    expect(memory.ramInUse).toBe(1)
    memory.putGathered(pfn)
    expect(memory.ramInUse).toBe(0)
  })

  it('keeps a page that was gathered and flushed while it is in the cache', () => {
    const { memory } = new Machine({ strategy: retry, pmemPages: 1, ramPages: 8 })
    const pfn = memory.allocFilePage()
    memory.addRmap(pfn)
    memory.gather(pfn)
    memory.putGathered(pfn)
    expect(memory.ramInUse).toBe(1)
    memory.uncache(pfn)
    expect(memory.ramInUse).toBe(0)
  })

  it('is unmapped with the file also where private copies stay', () => {
    const { machine, task } = machineOf()
    const file = new HandledFile({ fault: cachedFault })
    mapFile(task, file, MAP_PRIVATE)
    plain.load(task, AT)
    plain.load(task, AT + PAGE)
    plain.store(task, AT + PAGE, 7)
    plain.unmapMappingRange(task, file.mapping, 0, 0, false)
    expect(machine.memory.mapcount(file.mapping.pages.find(0)!.pfn)).toBe(0)
    expect(plain.load(task, AT + PAGE)).toBe(7)
  })
})

describe('a store to such a page', () => {
  it('asks ->page_mkwrite with WRITE and MKWRITE alone', () => {
    const { task } = machineOf()
    const asked: number[] = []
    const file: HandledFile = new HandledFile({
      fault: cachedFault,
      pageMkwrite(t, vmf): number {
        asked.push(vmf.flags)
        const page = file.mapping.pages.find(vmf.pgoff)!
        plain.unmapMappingRange(t, file.mapping, vmf.pgoff * PAGE, PAGE, false)
        file.mapping.pages.delete(page)
        t.machine.memory.uncache(page.pfn)
        return plain.vmfInsertForWrite(t, vmf, file.firstPfn + vmf.pgoff)
      },
    })
    mapFile(task, file, MAP_SHARED)
    plain.load(task, AT)
    expect(plain.store(task, AT, 1)).toBe(0)
    expect(asked).toEqual([FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE])
    expect(plain.load(task, AT)).toBe(1)
  })

  it('is refused where the page would have to be written to', () => {
    const { task } = machineOf()
    const file = new HandledFile({ fault: cachedFault })
    mapFile(task, file, MAP_SHARED)
    plain.load(task, AT)
    expect(() => plain.store(task, AT, 1)).toThrow(/not modelled: a store to a page of a page cache/)
  })

  it('makes a private copy', () => {
    const { machine, task } = machineOf()
    const file = new HandledFile({ fault: cachedFault })
    mapFile(task, file, MAP_PRIVATE)
    plain.load(task, AT)
    plain.store(task, AT, 9)
    const page = file.mapping.pages.find(0)!
    expect([plain.load(task, AT), machine.memory.readByte(page.pfn, 0)]).toEqual([9, 0])
    expect(machine.memory.mapcount(page.pfn)).toBe(0)
  })
})

describe('a fault that is tried again', () => {
  it.each([
    [kernel61, [0x4, 0x24, 0x24]],
    [kernel45, [0x4, 0x20, 0x20]],
  ] as const)('says so in its flags, on $name', (kernel, words) => {
    const { machine, task } = machineOf(kernel)
    const flags: number[] = []
    machine.trace = (name, _t, _a, b) => {
      if (name === 'handle_mm_fault') flags.push(b & 0x24)
    }
    const file = new HandledFile({
      fault(t, vmf) {
        if (flags.length === 3) return cachedFault(t, vmf)
        plain.upRead(t, t.mm.mmapLock)
        return VM_FAULT_RETRY
      },
    })
    mapFile(task, file, MAP_SHARED)
    plain.load(task, AT)
    expect(flags).toEqual(words)
    expect(task.mm.mmapLock.readers).toBe(0)
  })

  it('goes on where populate had come to', () => {
    const { task } = machineOf()
    let refusals = 2
    const file = new HandledFile({
      fault(t, vmf) {
        if (refusals-- <= 0) return cachedFault(t, vmf)
        plain.upRead(t, t.mm.mmapLock)
        return VM_FAULT_RETRY
      },
    })
    mapFile(task, file, MAP_SHARED | 0x8000)
    expect(file.mapping.pages.size).toBe(4)
    expect(file.mapping.pages.between(1, 2).map(({ index }) => index)).toEqual([1, 2])
    expect(task.mm.mmapLock.readers).toBe(0)
  })
})

describe('lockPageOrRetry', () => {
  it('takes the lock, waits for it, or lets go of mmap_lock and answers false', () => {
    const { machine, task } = machineOf()
    const other = machine.addTask(task.mm, 0)
    const page = new CachedPage(machine.memory.allocFilePage(), 0, new TinyFile().mapping, 'tiny')
    expect(runSteps(steps.lockPageOrRetry(task, page, 0x4))).toBe(true)
    expect(page.lock.writer).toBe(task)

    const waiting = steps.lockPageOrRetry(other, page, 0)
    for (let i = 0; i < 5; i++) expect(waiting.next().done).toBe(false)
    expect(other.waitsFor).toBe(page.lock)
    page.lock.writer = null
    expect(runSteps(waiting)).toBe(true)
    expect(page.lock.writer).toBe(other)

    task.mm.mmapLock.readers = 1
    expect(runSteps(steps.lockPageOrRetry(task, page, 0x4 | 0x8))).toBe(false)
    expect(task.mm.mmapLock.readers).toBe(1)
    const retrying = steps.lockPageOrRetry(task, page, 0x4)
    for (let i = 0; i < 5; i++) expect(retrying.next().done).toBe(false)
    expect(task.mm.mmapLock.readers).toBe(0)
    page.lock.writer = null
    expect(runSteps(retrying)).toBe(false)
  })
})
