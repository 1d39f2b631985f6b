import {
  type DefectName,
  defectNames,
  defects,
  EIO,
  kernel45,
  Machine,
  MachineError,
  PROT_READ,
  STEP_BLOCKED,
  ZERO_PFN,
} from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import { madvise, memWrite } from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { mkwrite } from './strategies.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, mapAnon, mapFile, PAGE } from './world.ts'

const MADV_DONTNEED = 4

describe('defects', () => {
  it('are none unless asked for', () => {
    const machine = new Machine({ strategy: mkwrite })
    expect(Object.keys(machine.defects)).toEqual(defectNames)
    expect(Object.values(machine.defects).some(Boolean)).toBe(false)
    expect(new Machine({ strategy: mkwrite, defects: [] }).defects).toBe(machine.defects)
  })

  it('are those that were asked for', () => {
    const machine = new Machine({ strategy: mkwrite, defects: ['mremap-flushes-late', 'no-pfn-mkwrite'] })
    expect(defectNames.filter((name) => machine.defects[name]).toSorted()).toEqual([
      'mremap-flushes-late',
      'no-pfn-mkwrite',
    ])
  })

  it.each(['nonsense', 'toString', '__proto__'])('do not know %s', (name) => {
    const wrong = () => new Machine({ strategy: mkwrite, defects: [name as DefectName] })
    expect(wrong).toThrowError(MachineError)
    expect(wrong).toThrowError(/mremap-flushes-late/)
    expect(wrong).toThrowError(expect.objectContaining({ code: 'BAD_CONFIGURATION' }))
  })

  it('say what they are: a commit or a place for every defect, no fix for a repair', () => {
    for (const [name, { kind, fix, fixed, breaks, what }] of Object.entries(defects)) {
      expect(breaks.length, name).toBeGreaterThan(0)
      for (const invariant of breaks) expect(invariant, name).toMatch(/^I\d+$/)
      expect(what, name).toMatch(/^[a-z].*[^.]$/)
      if (kind === 'repair') expect([fix, fixed], name).toEqual([null, null])
      else expect(fix, name).toMatch(/^[0-9a-f]{12}$|^[0-9a-f]{40}$|^(mm|fs)\/.+: /)
    }
  })
})

describe('a write through /proc/self/mem', () => {
  const world = (options: Parameters<typeof createWorld>[0] = {}) => {
    const w = createWorld(options)
    const file = new TinyFile({ name: 'tiny' })
    return { ...w, file, memory: w.machine.memory }
  }

  it('copies a private page that is read-only, and leaves the file alone', () => {
    const { task, file, memory } = world()
    memory.writeByte(file.firstPfn, 5, 3)
    mapFile(plain, task, file, { prot: 'r', flags: 2 })
    expect(plain.memWrite(task, at(0) + 5, 9)).toBe(1)
    expect(plain.load(task, at(0) + 5)).toBe(9)
    expect(memory.readByte(file.firstPfn, 5)).toBe(3)
    // The program itself still may not.
    expect(plain.store(task, at(0), 1)).toBe(-1)
  })

  it('goes to the file through a shared area that is writable, and is refused by one that is not', () => {
    const { task, file, memory } = world()
    mapFile(plain, task, file, { prot: 'rw', flags: 1 })
    expect(plain.memWrite(task, at(0), 9)).toBe(1)
    expect(memory.readByte(file.firstPfn, 0)).toBe(9)
    plain.mprotect(task, at(0), PAGE, PROT_READ)
    expect(plain.memWrite(task, at(0), 8)).toBe(-EIO)
    expect(plain.memWrite(task, at(0) + 512 * PAGE, 8)).toBe(-EIO)
    expect(memory.readByte(file.firstPfn, 0)).toBe(9)
  })

  it('writes to anonymous memory, also after fork shared it', () => {
    const { task, machine } = world()
    const address = mapAnon(plain, task, { pages: 1 })
    expect(plain.memWrite(task, address, 7)).toBe(1)
    const child = plain.fork(task)
    expect(plain.memWrite(task, address, 8)).toBe(1)
    expect([plain.load(task, address), plain.load(child, address)]).toEqual([8, 7])
    const huge = mapAnon(plain, task, { first: 256, pages: 1024 })
    expect(plain.load(task, huge + 256 * PAGE)).toBe(0)
    expect(plain.memWrite(task, huge + 300 * PAGE, 6)).toBe(1)
    expect(plain.load(task, huge + 300 * PAGE)).toBe(6)
    expect(machine.memory.readByte(ZERO_PFN, 0)).toBe(0)
  })

  /** Runs `memWrite` to its `stop`-th step, zaps the page, and goes on. */
  function zapAt(stop: number, options: Parameters<typeof createWorld>[0]): { file: number; more: boolean } {
    const { task, file, memory, machine } = world({ ...options, cpus: 2 })
    mapFile(plain, task, file, { prot: 'r', flags: 2 })
    const other = machine.addTask(task.mm, 1)
    const writing = memWrite(task, at(0), 9)
    let more = true
    for (let i = 0; i < stop && more; i++) more = writing.next().done !== true
    const zapping = madvise(other, at(0), PAGE, MADV_DONTNEED)
    let writes = more
    // The other waits where a lock is in its way.
    for (let step = zapping.next(); step.done !== true; step = zapping.next())
      if (step.value === STEP_BLOCKED) writes = writes && writing.next().done !== true
    while (writes) writes = writing.next().done !== true
    return { file: memory.readByte(file.firstPfn, 0), more }
  }

  it.each([
    { under: '6.1', options: {}, reaches: false },
    { under: '6.1 with the bug', options: { defects: ['gup-drops-foll-write'] as const }, reaches: true },
    { under: '4.5, which has it', options: { kernel: kernel45 }, reaches: true },
  ])('reaches the file under $under when the copy is zapped in time: $reaches', ({ options, reaches }) => {
    const written = []
    for (let stop = 0; stop < 200; stop++) {
      const { file, more } = zapAt(stop, options)
      if (!more) break
      written.push(file)
    }
    expect(written.length).toBeGreaterThan(10)
    expect(written.includes(9)).toBe(reaches)
  })
})
