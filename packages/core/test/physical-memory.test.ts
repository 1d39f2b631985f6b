import { HUGE_ZERO_PFN, MachineError, PhysicalMemory, PMEM_BASE_PFN, ZERO_PFN } from '@mm-model/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const create = (ramPages = 8, pmemPages = 8): PhysicalMemory => new PhysicalMemory({ pmemPages, ramPages })

describe('PhysicalMemory', () => {
  it('hands out RAM in order, and what was freed last first', () => {
    const memory = create()
    const first = [memory.allocPage(), memory.allocPage(), memory.allocPage()]
    expect(first).toEqual([0, 1, 2].map((frame) => memory.ramBasePfn + frame))
    memory.freePage(first[0]!)
    memory.freePage(first[2]!)
    expect(memory.ramInUse).toBe(1)
    expect([memory.allocPage(), memory.allocPage(), memory.allocPage()]).toEqual([
      first[2],
      first[0],
      memory.ramBasePfn + 3,
    ])
    expect(memory.ramInUse).toBe(4)
  })

  it('clears a frame before it hands it out again', () => {
    const memory = create()
    const pfn = memory.allocPage()
    memory.writeByte(pfn, 4095, 7)
    memory.addRmap(pfn)
    memory.setAnonExclusive(pfn, true)
    memory.freePage(pfn)
    expect(memory.allocPage()).toBe(pfn)
    expect([memory.readByte(pfn, 4095), memory.mapcount(pfn), memory.anonExclusive(pfn)]).toEqual([
      0,
      0,
      false,
    ])
  })

  it('keeps what is known of frames while it grows', () => {
    const memory = create(4096)
    const frames = Array.from({ length: 3000 }, () => memory.allocPage())
    memory.addRmap(frames[1]!)
    memory.addRmap(frames[2999]!)
    memory.setAnonExclusive(frames[1023]!, true)
    for (const pfn of frames) memory.freePage(pfn)
    expect(memory.ramInUse).toBe(0)
    const again = frames.map(() => memory.allocPage())
    expect(again).toEqual(frames.toReversed())
  })

  it('says which frames are all in use', () => {
    const memory = create(2)
    memory.allocPage()
    memory.allocPage()
    expect(() => memory.allocPage()).toThrowError(expect.objectContaining({ code: 'OUT_OF_FRAMES' }))
    expect(() => memory.allocPage()).toThrowError(/all 2 RAM frames in use; .*ramPages/)
  })

  describe('2 MiB pages', () => {
    it('are carved from the end, aligned, while 512 frames are left together', () => {
      const memory = create(1030)
      const first = memory.allocHugePage()
      // RAM begins 8 frames after a 2 MiB border and ends 14 after the second one that follows.
      expect([first % 512, first - memory.ramBasePfn, memory.allocHugePage()]).toEqual([0, 504, -1])
      expect([
        memory.ramInUse,
        memory.compoundHead(first + 511),
        memory.compoundHead(memory.ramBasePfn),
      ]).toEqual([512, first, -1])
      for (let i = 0; i < 504; i++) memory.allocPage()
      expect(() => memory.allocPage()).toThrowError(expect.objectContaining({ code: 'OUT_OF_FRAMES' }))
    })

    it('are not carved out of frames that are in use', () => {
      const memory = create(1030)
      for (let i = 0; i < 505; i++) memory.allocPage()
      expect(memory.allocHugePage()).toBe(-1)
      for (let i = 505; i < 1030; i++) memory.allocPage()
      expect(memory.ramInUse).toBe(1030)
    })

    it('come back as zeros, and count as one page', () => {
      const memory = create(1030)
      const head = memory.allocHugePage()
      memory.writeByte(head + 300, 9, 1)
      memory.setAnonExclusive(head, true)
      // A leaf of 2 MiB, then the same as PTEs.
      expect([memory.addHugeRefs(head, 1), memory.refcount(head + 7)]).toEqual([1, 1])
      memory.addRmap(head + 1)
      memory.addRmap(head + 2)
      expect([memory.hugeRefs(head), memory.mapcount(head + 1), memory.mapcount(head)]).toEqual([3, 1, 0])
      expect([
        memory.addHugeRefs(head, -1),
        memory.removeRmap(head + 1),
        memory.removeRmap(head + 2),
      ]).toEqual([2, false, true])
      memory.freePage(head)
      expect([memory.ramInUse, memory.allocHugePage()]).toEqual([0, head])
      expect([memory.readByte(head + 300, 9), memory.anonExclusive(head), memory.hugeRefs(head)]).toEqual([
        0,
        false,
        0,
      ])
    })
  })

  it('counts entries, and says when the last is gone', () => {
    const memory = create()
    const pfn = memory.allocPage()
    memory.addRmap(pfn)
    memory.addRmap(pfn)
    expect([memory.mapcount(pfn), memory.removeRmap(pfn), memory.removeRmap(pfn)]).toEqual([2, false, true])
  })

  it('tells persistent memory, RAM and zero pages apart', () => {
    const memory = create(4, 4)
    const frames = [
      PMEM_BASE_PFN - 1,
      PMEM_BASE_PFN,
      PMEM_BASE_PFN + 3,
      memory.ramBasePfn,
      memory.ramBasePfn + 4,
    ]
    expect(frames.map((pfn) => memory.isPmem(pfn))).toEqual([false, true, true, false, false])
    expect(frames.map((pfn) => memory.isRam(pfn))).toEqual([false, false, false, true, false])
  })

  it('refuses stores to zero pages', () => {
    const memory = create()
    for (const pfn of [ZERO_PFN, HUGE_ZERO_PFN, HUGE_ZERO_PFN + 511]) {
      expect(memory.readByte(pfn, 0)).toBe(0)
      expect(() => memory.writeByte(pfn, 0, 1)).toThrowError(
        expect.objectContaining({
          code: 'INVARIANT',
          found: `a store to frame 0x${pfn.toString(16)}, a zero page`,
        }),
      )
    }
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 22 + 1])('refuses a size of %d pages', (pages) => {
    expect(() => create(pages)).toThrowError(MachineError)
    expect(() => create(8, pages)).toThrowError(expect.objectContaining({ code: 'BAD_CONFIGURATION' }))
  })

  it('keeps every byte apart, over chunks and pages', { timeout: 60_000 }, () => {
    // Frames around the borders of the 1 MiB chunks that bytes are kept in.
    const pages = 520
    const frame = fc.constantFrom(0, 1, 254, 255, 256, 257, 511, 512, 519)
    const offset = fc.constantFrom(0, 1, 2047, 4094, 4095)
    const command = fc.oneof(
      fc.record({ op: fc.constant('write' as const), frame, offset, byte: fc.nat(255), ram: fc.boolean() }),
      fc.record({
        op: fc.constant('fill' as const),
        frame,
        offset,
        length: fc.constantFrom(0, 1, 4096, 4097, 3 * 4096 - 1),
        byte: fc.constantFrom(0, 0, 3),
      }),
      fc.record({ op: fc.constant('copy' as const), frame, from: frame, ram: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const memory = create(pages, pages)
        const ram = Array.from({ length: pages }, () => memory.allocPage())
        const bytes = { pmem: new Uint8Array(pages * 4096), ram: new Uint8Array(pages * 4096) }
        for (const c of commands) {
          if (c.op === 'write') {
            memory.writeByte(c.ram ? ram[c.frame]! : PMEM_BASE_PFN + c.frame, c.offset, c.byte)
            bytes[c.ram ? 'ram' : 'pmem'][c.frame * 4096 + c.offset] = c.byte
          } else if (c.op === 'fill') {
            const length = Math.min(c.length, (pages - c.frame) * 4096 - c.offset)
            memory.fillPmem(c.frame, c.offset, length, c.byte)
            bytes.pmem.fill(c.byte, c.frame * 4096 + c.offset, c.frame * 4096 + c.offset + length)
          } else {
            memory.copyPage(ram[c.frame]!, c.ram ? ram[c.from]! : PMEM_BASE_PFN + c.from)
            const source = bytes[c.ram ? 'ram' : 'pmem'].slice(c.from * 4096, c.from * 4096 + 4096)
            bytes.ram.set(source, c.frame * 4096)
          }
        }
        for (const f of [0, 1, 2, 254, 255, 256, 257, 258, 511, 512, 513, 519]) {
          const page = memory.pmemPage(f)
          expect(
            Buffer.compare(page ?? new Uint8Array(4096), bytes.pmem.subarray(f * 4096, f * 4096 + 4096)),
          ).toBe(0)
          for (const o of [0, 1, 2, 2047, 4094, 4095]) {
            expect(memory.readByte(PMEM_BASE_PFN + f, o)).toBe(bytes.pmem[f * 4096 + o])
            expect(memory.readByte(ram[f]!, o)).toBe(bytes.ram[f * 4096 + o])
          }
        }
      }),
    )
  })

  it('copies a zero page as zeros', () => {
    const memory = create()
    const pfn = memory.allocPage()
    memory.writeByte(pfn, 5, 9)
    memory.copyPage(pfn, ZERO_PFN)
    expect(memory.readByte(pfn, 5)).toBe(0)
  })
})
