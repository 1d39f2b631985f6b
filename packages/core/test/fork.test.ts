import {
  MADV_DONTFORK,
  MADV_FREE,
  MAP_PRIVATE,
  type Task,
  VM_HUGEPAGE,
  VM_LOCKED,
  VM_MIXEDMAP,
  VM_WIPEONFORK,
} from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { complaints, layoutOf } from './layout.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, outcome, PAGE } from './world.ts'

describe.each(forms)('fork in the %s form', (_form, k) => {
  const both = (parent: Task, child: Task, page = 0): string[] => [
    leaf(parent, at(page)),
    leaf(child, at(page)),
  ]

  it('copies the areas', () => {
    const { task, machine } = createWorld()
    const file = new TinyFile({ name: 'a' })
    mapAnon(k, task, { pages: 2 })
    mapFile(k, task, file, { first: 2, pages: 2, pgoff: 7 })
    mapFile(k, task, file, { first: 4, pages: 2, flags: MAP_PRIVATE, prot: 'r' })
    mapAnon(k, task, { first: 6, pages: 2 })
    k.madvise(task, at(6), PAGE, MADV_DONTFORK)
    const child = k.fork(task)
    expect(layoutOf(task)).toBe('rw 0-2, rw a 2-4@7, r p:a 4-6@0, rw 6-7 dontfork, rw 7-8')
    expect(layoutOf(child)).toBe('rw 0-2, rw a 2-4@7, r p:a 4-6@0, rw 7-8')
    expect([...complaints(task), ...complaints(child)]).toEqual([])
    expect([child.cpu, child.mm === task.mm, machine.tasks.includes(child)]).toEqual([task.cpu, false, true])
    k.load(child, at(6))
    expect(outcome(child)).toBe('SIGSEGV/SEGV_MAPERR')
    // Each child area comes right behind its parent among the areas of the file.
    expect(file.mapping.iMmap.map((vma) => [vma.vmMm === child.mm, vma.vmPgoff])).toEqual([
      [false, 0],
      [true, 0],
      [false, 7],
      [true, 7],
    ])
  })

  it('does not pass on that pages are locked', () => {
    const { task } = createWorld()
    mapAnon(k, task)
    k.mlock(task, at(0), 8 * PAGE)
    const child = k.fork(task)
    expect([task, child].map((t) => (t.mm.areas.at(0)!.vmFlags & VM_LOCKED) !== 0)).toEqual([true, false])
  })

  it('takes the right to write from private pages, on both sides, and ages the child', () => {
    const { task, machine, events } = createWorld()
    mapAnon(k, task)
    k.store(task, at(0), 7)
    const child = k.fork(task)
    expect(both(task, child)).toEqual(['8000000000000865 ram', '8000000000000845 ram'])
    expect(machine.memory.ramInUse).toBe(1)
    // Each goes its own way.
    k.store(child, at(0), 8)
    expect(machine.memory.ramInUse).toBe(2)
    expect([k.load(task, at(0)), k.load(child, at(0))]).toEqual([7, 8])
    // Whoever is left alone with the page has it back without a copy.
    events.length = 0
    k.store(task, at(0), 9)
    expect(events.filter((event) => event.startsWith('wp_page_copy'))).toEqual([])
    expect(machine.memory.ramInUse).toBe(2)
    expect(both(task, child)).toEqual(['8000000000000867 ram', '8000000000000867 ram'])
    expect([k.load(task, at(0)), k.load(child, at(0))]).toEqual([9, 8])
  })

  it('keeps mprotect from giving it back while the page is shared', () => {
    const { task } = createWorld()
    mapAnon(k, task)
    k.store(task, at(0), 7)
    k.mprotect(task, at(0), PAGE, 1)
    k.mprotect(task, at(0), PAGE, 3)
    expect(leaf(task, at(0))).toBe('8000000000000867 ram')
    const child = k.fork(task)
    for (const t of [task, child]) {
      k.mprotect(t, at(0), PAGE, 1)
      k.mprotect(t, at(0), PAGE, 3)
    }
    expect(both(task, child)).toEqual(['8000000000000865 ram', '8000000000000845 ram'])
    k.store(child, at(0), 8)
    expect([k.load(task, at(0)), k.load(child, at(0))]).toEqual([7, 8])
  })

  it('shares the zero page', () => {
    const { task, machine } = createWorld()
    mapAnon(k, task)
    k.store(task, at(1), 1)
    k.load(task, at(0))
    const child = k.fork(task)
    expect(both(task, child)).toEqual(['8000000000000225 zero', '8000000000000205 zero'])
    k.store(child, at(0), 5)
    expect([k.load(task, at(0)), k.load(child, at(0)), machine.memory.ramInUse]).toEqual([0, 5, 2])
  })

  it('gives a 2 MiB page to both, and splits it for the one who stores', () => {
    const { task, machine } = createWorld()
    mapAnon(k, task, { first: 256, pages: 512 })
    k.store(task, at(256), 7)
    const child = k.fork(task)
    expect(both(task, child, 256)).toEqual(['pmd 80000000000008e5 ram', 'pmd 80000000000008c5 ram'])
    expect(machine.memory.ramInUse).toBe(512)
    k.store(child, at(257), 8)
    expect(machine.memory.ramInUse).toBe(513)
    expect([k.load(task, at(257)), k.load(child, at(257)), k.load(child, at(256))]).toEqual([0, 8, 7])
    k.munmap(child, at(256), 512 * PAGE)
    k.store(task, at(256), 9)
    expect([leaf(task, at(256)), machine.memory.ramInUse]).toEqual(['pmd 80000000000008e7 ram', 512])
  })

  it('copies nothing that a fault brings back', () => {
    const { task } = createWorld()
    const file = new TinyFile()
    mapFile(k, task, file)
    mapFile(k, task, file, { first: 8, flags: MAP_PRIVATE })
    k.store(task, at(0), 7)
    k.load(task, at(8))
    const child = k.fork(task)
    expect(both(task, child)).toEqual(['8400000000000a67 pmem+0', 'none'])
    expect(both(task, child, 8)).toEqual(['8400000000000225 pmem+0', 'none'])
    expect([k.load(child, at(0)), k.load(child, at(8))]).toEqual([7, 7])
    k.store(child, at(0), 8)
    expect([k.load(task, at(0)), k.load(task, at(8))]).toEqual([8, 8])
  })

  it('copies all of a private file area that has a page of its own', () => {
    const { task } = createWorld()
    const file = new TinyFile()
    mapFile(k, task, file, { flags: MAP_PRIVATE })
    k.load(task, at(0))
    k.store(task, at(1), 7)
    const child = k.fork(task)
    expect(both(task, child, 0)).toEqual(['8400000000000225 pmem+0', '8400000000000205 pmem+0'])
    expect(both(task, child, 1)).toEqual(['8000000000000865 ram', '8000000000000845 ram'])
    k.store(task, at(1), 8)
    expect([k.load(task, at(1)), k.load(child, at(1))]).toEqual([8, 7])
  })

  it('copies entries of a VM_MIXEDMAP area, clean and still writable in the child', () => {
    const { task } = createWorld()
    const file = new TinyFile({ vmFlags: VM_MIXEDMAP | VM_HUGEPAGE })
    mapFile(k, task, file)
    k.store(task, at(0), 7)
    const child = k.fork(task)
    expect(both(task, child)).toEqual(['8400000000000a67 pmem+0', '8400000000000a07 pmem+0'])
  })

  it('wipes what asks for it', () => {
    const { task } = createWorld()
    mapAnon(k, task)
    k.store(task, at(0), 7)
    task.mm.areas.at(0)!.vmFlags |= VM_WIPEONFORK
    const child = k.fork(task)
    expect([leaf(child, at(0)), k.load(child, at(0)), k.load(task, at(0))]).toEqual(['none', 0, 7])
    expect(child.mm.areas.at(0)!.anonVma).toBeNull()
  })

  it('can be done again and again: a page is freed with its last entry', () => {
    const { task, machine } = createWorld()
    mapAnon(k, task, { pages: 1 })
    k.store(task, at(0), 1)
    const family = [task]
    for (let i = 0; i < 4; i++) family.push(k.fork(family.at(-1)!))
    expect(machine.memory.ramInUse).toBe(1)
    for (const t of family.slice(0, -1)) k.munmap(t, at(0), PAGE)
    expect(machine.memory.ramInUse).toBe(1)
    const last = family.at(-1)!
    k.store(last, at(0), 2)
    expect([machine.memory.ramInUse, k.load(last, at(0))]).toEqual([1, 2])
    k.munmap(last, at(0), PAGE)
    expect(machine.memory.ramInUse).toBe(0)
  })

  it('keeps areas of the child apart that have other parents', () => {
    const { task } = createWorld()
    mapAnon(k, task, { pages: 2 })
    k.store(task, at(0), 1)
    const child = k.fork(task)
    // The child's area hangs on two anon_vmas; one that has a third cannot join.
    mapAnon(k, child, { first: 2, pages: 2 })
    expect(layoutOf(child)).toBe('rw 0-2, rw 2-4')
    mapAnon(k, task, { first: 2, pages: 2 })
    expect(layoutOf(task)).toBe('rw 0-4')
  })

  it('hangs a child on an anon_vma of its own, or on one that nobody uses any more', () => {
    const { task } = createWorld()
    const anonOf = (t: Task) => t.mm.areas.at(0)!.anonVma
    mapAnon(k, task, { pages: 1 })
    k.store(task, at(0), 1)
    const first = anonOf(task)!
    const child = k.fork(task)
    const second = anonOf(child)!
    expect([second === first, second.parent === first, first.numActiveVmas, first.numChildren]).toEqual([
      false,
      true,
      1,
      2,
    ])
    // Two hang below the first, the child and itself: it is not used again although its area is gone.
    const area = task.mm.areas.at(0)!
    k.munmap(task, at(0), PAGE)
    expect([first.numActiveVmas, area.anonVma, area.anonVmaChain]).toEqual([0, null, []])
    const grandchild = k.fork(child)
    const third = anonOf(grandchild)!
    expect([third === first, third === second]).toEqual([false, false])
    // Only one hangs below the second.
    k.munmap(child, at(0), PAGE)
    const last = k.fork(grandchild)
    expect(anonOf(last) === second).toBe(true)
    expect([second.numActiveVmas, second.numChildren]).toEqual([1, 1])
  })

  it('leaves madvise free to drop a page only when it is not shared', () => {
    const { task } = createWorld()
    mapAnon(k, task, { pages: 2 })
    k.store(task, at(0), 1)
    k.madvise(task, at(0), PAGE, MADV_FREE)
    expect(leaf(task, at(0))).toBe('8000000000000807 ram')
    k.store(task, at(0), 1)
    const child = k.fork(task)
    k.madvise(child, at(0), PAGE, MADV_FREE)
    expect(both(task, child)).toEqual(['8000000000000865 ram', '8000000000000845 ram'])
  })
})
