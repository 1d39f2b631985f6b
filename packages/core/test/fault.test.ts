import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_WRITE,
  type FaultContext,
  MAP_PRIVATE,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_SHARED,
  VM_WRITE,
} from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { fallthrough, insertWritable, mkwrite, retry } from './strategies.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapAnon, mapFile, outcome } from './world.ts'

// Entries are those of kernel-facts J.3, which recordings of the real kernel confirm.
const WRITABLE = '8400000000000a67'
const READ_ONLY = '8400000000000225'

/** Only these events: the exception, the handlers' results and the ways through `do_wp_page`. */
const PATH = /^(page_fault_user|handle_mm_fault_ret|do_wp_page|wp_page_copy|finish_fault) (\w+) ?(\w+)?/

/** `fault 6 = 100`: error code and result of each fault, with what happened between. */
function path(events: string[]): string {
  const words: string[] = []
  for (const event of events.splice(0)) {
    const [, name, a, b] = PATH.exec(event) ?? []
    if (name === 'page_fault_user') words.push(`fault ${b}`)
    else if (name === 'handle_mm_fault_ret') words.push(`= ${a}`)
    else if (name !== undefined) words.push(name)
  }
  return words.join(' ')
}

describe.each(forms)('in the %s form', (_form, k) => {
  describe('a shared mapping', () => {
    it('takes one fault for a first store', () => {
      const { task, events } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file, { pgoff: 1 })
      expect(k.store(task, at(2) + 5, 7)).toBe(0)
      expect(path(events)).toBe('fault 6 = 100')
      expect(leaf(task, at(2))).toBe(`${WRITABLE} pmem+3`)
      expect(file.asked).toEqual(['fault 3 write'])
      expect(k.load(task, at(2) + 5)).toBe(7)
      expect(task.machine.memory.readByte(file.firstPfn + 3, 5)).toBe(7)
      expect(path(events)).toBe('')
    })

    it('makes the entry of a load writable through pfn_mkwrite', () => {
      const { task, events } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      expect(k.load(task, at(0))).toBe(0)
      expect(path(events)).toBe('fault 4 = 100')
      expect(leaf(task, at(0))).toBe(`${READ_ONLY} pmem+0`)
      expect(k.store(task, at(0), 1)).toBe(0)
      expect(path(events)).toBe('fault 7 do_wp_page = 100')
      expect(leaf(task, at(0))).toBe(`${WRITABLE} pmem+0`)
      expect(file.asked).toEqual(['fault 0 read', 'mkwrite 0 write'])
    })

    it.each([
      [mkwrite, 'fault 6 = 100', ['fault 0 write']],
      [retry, 'fault 6 = 100 fault 7 do_wp_page = 100', ['fault 0 write', 'mkwrite 0 write']],
      [fallthrough, 'fault 6 do_wp_page = 100', ['fault 0 write', 'mkwrite 0 write']],
    ])('stores by the strategy $name', (strategy, expected, asked) => {
      const { task, events } = createWorld({ strategy })
      const file = new TinyFile()
      mapFile(k, task, file)
      k.store(task, at(0), 1)
      expect(path(events)).toBe(expected)
      expect(file.asked).toEqual(asked)
      expect(leaf(task, at(0))).toBe(`${WRITABLE} pmem+0`)
    })

    it('leaves accessed and dirty to the hardware under insert-writable', () => {
      const { task, events } = createWorld({ strategy: insertWritable })
      mapFile(k, task, new TinyFile())
      k.store(task, at(0), 1)
      expect(path(events)).toBe('fault 6 = 100')
      // No soft-dirty bit: hardware does not know it. Accessed comes with every x86 protection.
      expect(leaf(task, at(0))).toBe('8400000000000267 pmem+0')
    })

    it('shows a strategy what it may decide on, frozen', () => {
      const seen: Record<string, unknown>[] = []
      const install = (context: FaultContext): number => {
        const { vmFlags, faultFlags, pgoff, mkwrite } = context
        seen.push({
          area: vmFlags & (VM_SHARED | VM_WRITE),
          fault: faultFlags & (FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE),
          pgoff,
          mkwrite,
        })
        expect(Object.isFrozen(context)).toBe(true)
        return retry.install(context)
      }
      const { task } = createWorld({ strategy: { ...retry, install } })
      mapFile(k, task, new TinyFile(), { pgoff: 9 })
      k.store(task, at(2), 1)
      const area = VM_SHARED | VM_WRITE
      expect(seen).toEqual([
        { area, fault: FAULT_FLAG_WRITE, pgoff: 11, mkwrite: false },
        { area, fault: FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE, pgoff: 11, mkwrite: true },
      ])
    })

    it('leaves an entry alone that maps another frame', () => {
      const { task, machine } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      k.load(task, at(0))
      const before = leaf(task, at(0))
      const { vmf } = task
      // The fault of the load is still described there: its page, with another frame behind it now.
      expect(k.vmfInsertMixedMkwrite(task, vmf, file.firstPfn + 9)).toBe(VM_FAULT_NOPAGE)
      expect(k.vmfInsertMixed(task, vmf, file.firstPfn + 9)).toBe(VM_FAULT_NOPAGE)
      expect(leaf(task, at(0))).toBe(before)
      expect(k.vmfInsertMixedMkwrite(task, vmf, file.firstPfn)).toBe(VM_FAULT_NOPAGE)
      expect(leaf(task, at(0))).toBe(`${WRITABLE} pmem+0`)
      expect(machine.pageTables.ptl.every((owner) => owner === 0)).toBe(true)
    })

    it('refuses frames for pages outside the area', () => {
      const { task } = createWorld()
      mapFile(k, task, new TinyFile({ pages: 64 }), { pages: 2 })
      k.load(task, at(0))
      const { vmf } = task
      for (const page of [-1, 2]) {
        vmf.address = at(page)
        for (const insert of [k.vmfInsertMixed, k.vmfInsertMixedMkwrite, k.vmfInsertMixedProt]) {
          expect(insert(task, vmf, 0x40000)).toBe(VM_FAULT_SIGBUS)
        }
      }
      vmf.address = at(-256)
      expect(k.vmfInsertPfnPmd(task, vmf, 0x40000, true)).toBe(VM_FAULT_SIGBUS)
    })

    it('reaches the other mappings of the same page', () => {
      const { task } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      mapFile(k, task, file, { first: 20, prot: 'r' })
      k.store(task, at(1), 5)
      expect(k.load(task, at(21))).toBe(5)
      k.store(task, at(1), 6)
      expect(k.load(task, at(21))).toBe(6)
    })
  })

  describe('a backend without pfn_mkwrite', () => {
    it('has writable entries from the start', () => {
      const { task, events } = createWorld()
      const file = new TinyFile({ pfnMkwrite: false })
      mapFile(k, task, file)
      k.load(task, at(0))
      expect(leaf(task, at(0))).toBe('8400000000000227 pmem+0')
      k.store(task, at(0), 1)
      expect(path(events)).toBe('fault 4 = 100')
      expect(leaf(task, at(0))).toBe('8400000000000267 pmem+0')
    })

    it('has its entries dirtied by what the kernel faults in for writing', () => {
      const { task } = createWorld()
      mapFile(k, task, new TinyFile({ pfnMkwrite: false }))
      k.load(task, at(0))
      expect(k.madvise(task, at(0), 4096, 23)).toBe(0)
      expect(leaf(task, at(0))).toBe('8400000000000a67 pmem+0')
    })

    it('is not asked when a store meets an entry that was cleaned', () => {
      const { task, events } = createWorld()
      const file = new TinyFile({ pfnMkwrite: false })
      mapFile(k, task, file)
      k.store(task, at(0), 1)
      k.pfnMkcleanRange(task, task.mm.areas.at(0)!, file.firstPfn, 1, 0)
      events.length = 0
      k.store(task, at(0), 2)
      expect(path(events)).toBe('fault 7 do_wp_page = 8')
      expect(leaf(task, at(0))).toBe(`${WRITABLE} pmem+0`)
      expect(file.asked).toEqual(['fault 0 write'])
    })
  })

  describe('a private mapping', () => {
    it('copies into a page of its own at the first store', () => {
      const { task, events, machine } = createWorld()
      const file = new TinyFile()
      machine.memory.fillPmem(0, 0, 4096, 3)
      mapFile(k, task, file, { flags: MAP_PRIVATE })
      expect(k.store(task, at(0), 7)).toBe(0)
      expect(path(events)).toBe('fault 6 finish_fault = 1000')
      expect(leaf(task, at(0))).toBe('8000000000000867 ram')
      expect([k.load(task, at(0)), k.load(task, at(0) + 1)]).toEqual([7, 3])
      expect(machine.memory.readByte(file.firstPfn, 0)).toBe(3)
      expect(machine.memory.ramInUse).toBe(1)
    })

    it('copies what a load mapped', () => {
      const { task, events, machine } = createWorld()
      const file = new TinyFile()
      machine.memory.fillPmem(0, 0, 4096, 3)
      mapFile(k, task, file, { flags: MAP_PRIVATE })
      expect(k.load(task, at(0))).toBe(3)
      expect(leaf(task, at(0))).toBe(`${READ_ONLY} pmem+0`)
      k.store(task, at(0), 7)
      expect(path(events)).toBe('fault 4 = 100 fault 7 do_wp_page wp_page_copy = 8')
      expect(leaf(task, at(0))).toBe('8000000000000867 ram')
      expect([k.load(task, at(0)), k.load(task, at(0) + 1)]).toEqual([7, 3])
      expect(machine.memory.readByte(file.firstPfn, 0)).toBe(3)
      expect(file.asked).toEqual(['fault 0 read'])
    })

    it('gives the page back when the backend fails', () => {
      const { task, machine } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file, { flags: MAP_PRIVATE })
      file.answers.push(VM_FAULT_SIGBUS)
      expect(k.store(task, at(0), 7)).toBe(-1)
      expect(outcome(task)).toBe('SIGBUS/BUS_ADRERR')
      expect(machine.memory.ramInUse).toBe(0)
    })
  })

  describe('anonymous memory', () => {
    it('is the zero page until a store', () => {
      const { task, events, machine } = createWorld()
      mapAnon(k, task)
      expect(k.load(task, at(0))).toBe(0)
      expect(leaf(task, at(0))).toBe('8000000000000225 zero')
      expect(machine.memory.ramInUse).toBe(0)
      k.store(task, at(0) + 1, 7)
      expect(path(events)).toBe('fault 4 = 0 fault 7 do_wp_page wp_page_copy = 8')
      expect(leaf(task, at(0))).toBe('8000000000000867 ram')
      expect([k.load(task, at(0)), k.load(task, at(0) + 1)]).toEqual([0, 7])
    })

    it('is a page of its own after a first store', () => {
      const { task, events } = createWorld()
      mapAnon(k, task)
      k.store(task, at(3), 7)
      expect(path(events)).toBe('fault 6 = 0')
      expect(leaf(task, at(3))).toBe('8000000000000867 ram')
      expect(leaf(task, at(2))).toBe('none')
    })

    it('may be executed where it says so', () => {
      const { task } = createWorld()
      mapAnon(k, task, { prot: 'rwx' })
      k.store(task, at(0), 1)
      expect(leaf(task, at(0))).toBe('0000000000000867 ram')
    })

    it('says so when RAM is all in use', () => {
      const { task } = createWorld({ ramPages: 2 })
      mapAnon(k, task)
      k.store(task, at(0), 1)
      k.store(task, at(1), 1)
      expect(() => k.store(task, at(2), 1)).toThrowError(expect.objectContaining({ code: 'OUT_OF_FRAMES' }))
    })

    it('is 2 MiB at once where the area holds them whole', () => {
      const { task, events, machine } = createWorld()
      mapAnon(k, task, { pages: 1024 })
      expect(k.load(task, at(300))).toBe(0)
      expect(leaf(task, at(256))).toBe('pmd 80000000000000a5 huge zero')
      k.store(task, at(300), 7)
      // The huge zero page becomes 512 zero pages, and one of them is copied.
      expect(path(events)).toBe('fault 4 = 0 fault 7 do_wp_page wp_page_copy = 8')
      expect([leaf(task, at(299)), leaf(task, at(300))]).toEqual([
        '8000000000000225 zero',
        '8000000000000867 ram',
      ])
      // Below 2 MiB aligned addresses there is no room for them.
      k.store(task, at(0), 1)
      expect(leaf(task, at(0))).toBe('8000000000000867 ram')
      expect(machine.memory.ramInUse).toBe(2)
      k.munmap(task, at(0), 1024 * 4096)
      expect(machine.memory.ramInUse).toBe(0)
    })

    it('is a 2 MiB page of its own after a first store there', () => {
      const { task, machine } = createWorld()
      mapAnon(k, task, { pages: 1024 })
      k.store(task, at(300), 7)
      expect(leaf(task, at(256))).toBe('pmd 80000000000008e7 ram')
      expect(machine.memory.ramInUse).toBe(512)
      k.mprotect(task, at(256), 4096, 1)
      expect([leaf(task, at(256)), leaf(task, at(300))]).toEqual([
        '8000000000000825 ram',
        '8000000000000827 ram',
      ])
      expect([k.load(task, at(300)), k.load(task, at(301))]).toEqual([7, 0])
      k.munmap(task, at(0), 1024 * 4096)
      expect(machine.memory.ramInUse).toBe(0)
    })
  })

  describe('a signal', () => {
    it.each<[string, (n: number) => void, string]>([
      ['a load below every area', () => {}, 'load -1 → SIGSEGV/SEGV_MAPERR'],
      ['a load above every area', () => {}, 'load 40 → SIGSEGV/SEGV_MAPERR'],
      ['a store between areas', () => {}, 'store 8 → SIGSEGV/SEGV_MAPERR'],
      ['a store to r', () => {}, 'store 10 → SIGSEGV/SEGV_ACCERR'],
      ['a load of -', () => {}, 'load 20 → SIGSEGV/SEGV_ACCERR'],
      ['a store to -', () => {}, 'store 20 → SIGSEGV/SEGV_ACCERR'],
      ['a load past the end of the file', () => {}, 'load 33 → SIGBUS/BUS_ADRERR'],
      ['a store past the end of the file', () => {}, 'store 33 → SIGBUS/BUS_ADRERR'],
      ['a load of the last page of the file', () => {}, 'load 32 → ok'],
    ])('ends %s', (_what, _prepare, line) => {
      const { task } = createWorld()
      mapAnon(k, task, { first: 0, pages: 4 })
      mapAnon(k, task, { first: 10, pages: 1, prot: 'r' })
      mapAnon(k, task, { first: 20, pages: 1, prot: '-' })
      mapFile(k, task, new TinyFile({ pages: 1 }), { first: 32, pages: 2 })
      const [, call, page, expected] = /^(\w+) (-?\d+) → (.*)$/.exec(line)!
      const value = call === 'load' ? k.load(task, at(Number(page))) : k.store(task, at(Number(page)), 1)
      expect(outcome(task)).toBe(expected)
      expect(value).toBe(expected === 'ok' ? 0 : -1)
      // What follows is not hurt by it.
      expect([k.store(task, at(0), 3), outcome(task), k.load(task, at(0))]).toEqual([0, 'ok', 3])
    })

    it('also ends a store to an entry that is there', () => {
      const { task, events } = createWorld()
      mapAnon(k, task, { prot: 'r' })
      k.load(task, at(0))
      k.store(task, at(0), 1)
      expect(path(events)).toBe('fault 4 = 0 fault 7')
      expect(outcome(task)).toBe('SIGSEGV/SEGV_ACCERR')
    })

    it('also ends a load of a page that was readable', () => {
      const { task, events } = createWorld()
      mapAnon(k, task)
      k.store(task, at(0), 1)
      k.mprotect(task, at(0), 4096, 0)
      expect(leaf(task, at(0))).toBe('0000000000000960 ram')
      events.length = 0
      k.load(task, at(0))
      expect([path(events), outcome(task)]).toEqual(['fault 4', 'SIGSEGV/SEGV_ACCERR'])
    })

    it('is SIGSEGV when the backend says so', () => {
      const { task } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      file.answers.push(VM_FAULT_SIGSEGV)
      k.load(task, at(0))
      expect(outcome(task)).toBe('SIGSEGV/SEGV_MAPERR')
    })
  })

  describe('a handler', () => {
    it('is asked again after it ran out of memory', () => {
      const { task, events } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      file.answers.push(VM_FAULT_OOM)
      expect(k.load(task, at(0))).toBe(0)
      expect(path(events)).toBe('fault 4 = 1 fault 4 = 100')
    })

    it('that never maps anything is reported', () => {
      const { task } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      file.answers.push(...Array.from({ length: 100 }, () => VM_FAULT_NOPAGE))
      expect(() => k.load(task, at(0))).toThrowError(expect.objectContaining({ code: 'NO_PROGRESS' }))
      expect(file.asked).toHaveLength(64)
    })

    it.each([
      ['shared', 0],
      ['private', MAP_PRIVATE],
    ])('that returns a page of a page cache is refused (%s)', (_kind, flags) => {
      const { task } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file, flags === 0 ? {} : { flags })
      file.answers.push(0)
      expect(() => k.store(task, at(0), 1)).toThrowError(expect.objectContaining({ code: 'NOT_MODELLED' }))
    })

    it('may fail in pfn_mkwrite', () => {
      const { task } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      k.load(task, at(0))
      file.answers.push(VM_FAULT_SIGBUS)
      k.store(task, at(0), 1)
      expect(outcome(task)).toBe('SIGBUS/BUS_ADRERR')
      expect(leaf(task, at(0))).toBe(`${READ_ONLY} pmem+0`)
    })

    it('may leave it to the core to make the entry writable', () => {
      const { task, events } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      k.load(task, at(0))
      events.length = 0
      file.answers.push(0)
      k.store(task, at(0), 1)
      expect(path(events)).toBe('fault 7 do_wp_page = 0')
      expect(leaf(task, at(0))).toBe(`${WRITABLE} pmem+0`)
    })
  })

  describe('2 MiB at once', () => {
    // Page 256 of the playground is 2 MiB aligned.
    const huge = (k2 = k, pgoff = 0) => {
      const world = createWorld()
      const file = new TinyFile({ huge: true, pages: 1024 })
      mapFile(k2, world.task, file, { first: 256, pages: 512, pgoff })
      return { ...world, file }
    }

    it('is asked for at the PMD', () => {
      const { task, file, events } = huge()
      k.store(task, at(300) + 9, 7)
      expect(path(events)).toBe('fault 6 = 100')
      expect(file.asked).toEqual(['huge 2 44 write', 'huge 1 44 write'])
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e7 pmem+0')
      expect(task.machine.memory.readByte(file.firstPfn + 44, 9)).toBe(7)
      expect(k.load(task, at(300) + 9)).toBe(7)
    })

    it('upgrades a leaf that a load made', () => {
      const { task, file, events } = huge()
      k.load(task, at(256))
      expect(leaf(task, at(256))).toBe('pmd 84000000000000a5 pmem+0')
      k.store(task, at(257), 7)
      expect(path(events)).toBe('fault 4 = 100 fault 7 = 100')
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e7 pmem+0')
      expect(file.asked.at(-1)).toBe('huge 1 1 write')
    })

    it('stays if it maps other frames', () => {
      const { task, file } = huge()
      k.load(task, at(256))
      const { vmf } = task
      const read = 'pmd 84000000000000a5 pmem+0'
      expect(k.vmfInsertPfnPmd(task, vmf, file.firstPfn + 512, true)).toBe(VM_FAULT_NOPAGE)
      expect(leaf(task, at(256))).toBe(read)
      expect(k.vmfInsertPfnPmd(task, vmf, file.firstPfn, false)).toBe(VM_FAULT_NOPAGE)
      expect(leaf(task, at(256))).toBe(read)
      expect(k.vmfInsertPfnPmd(task, vmf, file.firstPfn, true)).toBe(VM_FAULT_NOPAGE)
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e7 pmem+0')
    })

    it('splits the leaf when the handler falls back', () => {
      const { task, file, events } = huge()
      k.load(task, at(256))
      file.answers.push(0x800)
      events.length = 0
      k.store(task, at(257), 7)
      expect(path(events)).toBe('fault 7 = 100')
      expect(leaf(task, at(257))).toBe(`${WRITABLE} pmem+1`)
      expect(leaf(task, at(256))).toBe('none')
      expect(events.some((event) => event.startsWith('flush'))).toBe(false)
    })

    it('is zapped whole by munmap, and split by half a munmap', () => {
      const { task } = huge()
      k.store(task, at(256), 7)
      k.munmap(task, at(256), 256 * 4096)
      expect([leaf(task, at(256)), leaf(task, at(600))]).toEqual(['none', 'none'])
      expect(k.load(task, at(256))).toBe(-1)
      k.load(task, at(512))
      expect(leaf(task, at(512))).toBe(`${READ_ONLY} pmem+256`)
    })

    it('loses its rights with mprotect', () => {
      const { task } = huge()
      k.store(task, at(256), 7)
      k.mprotect(task, at(256), 512 * 4096, 1)
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e5 pmem+0')
      expect(k.store(task, at(256), 8)).toBe(-1)
      k.mprotect(task, at(256), 512 * 4096, 3)
      // change_huge_pmd makes nothing writable by itself in 6.1.
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e5 pmem+0')
      expect([k.store(task, at(256), 8), k.load(task, at(256))]).toEqual([0, 8])
    })

    it.each([
      ['inside', 300, 2],
      ['at the beginning', 256, 3],
      ['at the end', 700, 68],
    ])('is split when an area is cut %s', (_where, first, pages) => {
      const { task } = huge()
      k.store(task, at(256), 7)
      expect(k.madvise(task, at(first), pages * 4096, 10)).toBe(0)
      // A file brings its pages back one by one.
      expect([leaf(task, at(256)), k.load(task, at(256)), leaf(task, at(256))]).toEqual([
        'none',
        7,
        `${READ_ONLY} pmem+0`,
      ])
      const anon = createWorld()
      mapAnon(k, anon.task, { first: 256, pages: 512 })
      k.store(anon.task, at(256), 7)
      expect(k.madvise(anon.task, at(first), pages * 4096, 10)).toBe(0)
      expect([leaf(anon.task, at(256)), leaf(anon.task, at(767))]).toEqual([
        '8000000000000827 ram',
        '8000000000000827 ram',
      ])
    })

    it('is cleaned and write-protected as one', () => {
      const { task, file } = huge()
      k.store(task, at(256), 7)
      k.pfnMkcleanRange(task, task.mm.areas.at(0)!, file.firstPfn, 512, 0)
      expect(leaf(task, at(256))).toBe('pmd 84000000000008a5 pmem+0')
      k.store(task, at(256), 8)
      expect(leaf(task, at(256))).toBe('pmd 84000000000008e7 pmem+0')
    })

    it('is not asked for where offset and address are not aligned alike', () => {
      const { task } = huge(k, 3)
      k.load(task, at(256))
      expect(leaf(task, at(256))).toBe(`${READ_ONLY} pmem+3`)
    })
  })

  describe('unmapping a part of a file', () => {
    it('reaches every mapping, and private copies only on request', () => {
      const { task, machine } = createWorld()
      const file = new TinyFile()
      mapFile(k, task, file)
      mapFile(k, task, file, { first: 16, pgoff: 2, flags: MAP_PRIVATE })
      for (const page of [0, 2, 3]) k.store(task, at(page), 1)
      k.store(task, at(16), 2)
      k.load(task, at(17))
      k.unmapMappingPages(task, file.mapping, 2, 1, false)
      expect([0, 2, 3, 16].map((page) => leaf(task, at(page)))).toEqual([
        `${WRITABLE} pmem+0`,
        'none',
        `${WRITABLE} pmem+3`,
        '8000000000000867 ram',
      ])
      // To the end of the file; bytes are rounded to whole pages as the kernel does it.
      k.unmapMappingRange(task, file.mapping, 2 * 4096, 0, true)
      expect([0, 3, 16, 17].map((page) => leaf(task, at(page)))).toEqual([
        `${WRITABLE} pmem+0`,
        'none',
        'none',
        'none',
      ])
      expect(machine.memory.ramInUse).toBe(0)
      k.unmapMappingRange(task, file.mapping, 0, 1, false)
      expect(leaf(task, at(0))).toBe('none')
    })
  })

  it('refuses what is no address, and ends others outside user space in a signal, as recorded', () => {
    const { task } = createWorld()
    for (const address of [-1, 0.5, 2 ** 63, Number.NaN, Infinity]) {
      expect(() => k.load(task, address)).toThrowError(expect.objectContaining({ code: 'BAD_ACCESS' }))
    }
    for (const address of [0x7fffffffefff, 0x7ffffffff000, 2 ** 47 - 1]) {
      k.load(task, address)
      expect(outcome(task)).toBe('SIGSEGV/SEGV_MAPERR')
    }
    for (const address of [2 ** 47, Number.MAX_SAFE_INTEGER]) {
      k.store(task, address, 1)
      expect(outcome(task)).toBe('SIGSEGV/SI_KERNEL')
    }
  })
})
