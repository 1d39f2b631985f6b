/*
 * What arm64 and riscv64 do otherwise than x86-64: traps for accessed and dirty bits, the access check, flushes. Sources:
 * arch/arm64/mm/fault.c, arch/arm64/include/asm/tlbflush.h, arch/riscv/mm/fault.c, arch/riscv/include/asm/pgtable.h, tlb.h,
 * mm/memory.c, 6.1.
 */
import { MAP_PRIVATE, type MachineError, PROT_NONE, PROT_READ, PROT_WRITE } from '@mm-model/core'
import { archByName, createArm64Arch, type PageTableArch } from '@mm-model/pgprot'
import { describe, expect, it } from 'vitest'
import { ptepSetAccessFlags } from '../src/steps/entries.ts'
import { callsOf, forms } from './forms.ts'
import { insertWritable, mkwrite, retry } from './strategies.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, mapAnon, mapFile, outcome, PAGE, type World } from './world.ts'

const ARCHS = [
  'x86-64',
  'arm64-4k',
  'arm64-4k-nodbm',
  'arm64-4k-noaf',
  'riscv64-sv48',
  'riscv64-sv48-svadu',
] as const
type Arch = (typeof ARCHS)[number]

/** One value for each architecture, in the order of {@link ARCHS}. */
function onEach<T>(of: (arch: Arch) => T): Record<Arch, T> {
  return Object.fromEntries(ARCHS.map((arch) => [arch, of(arch)])) as Record<Arch, T>
}

function worldOn(arch: string | PageTableArch, strategy = mkwrite, cpus = 1): World {
  return createWorld({ arch: typeof arch === 'string' ? archByName(arch) : arch, strategy, cpus })
}

/** Events of that name since the last look. */
function take({ events }: World, name: string): string[] {
  const found = events.filter((event) => event.startsWith(`${name} `))
  events.length = 0
  return found
}

/** The processor's codes for the traps since the last look. */
const traps = (world: World): string[] =>
  take(world, 'page_fault_user').map((event) => `0x${event.split(' ')[2]}`)

describe.each(forms)('in the %s form', (_form, k) => {
  it('the first store to a clean page traps once more where a trap must set the dirty bit', () => {
    const first = (arch: Arch, strategy = mkwrite): string[] => {
      const world = worldOn(arch, strategy)
      mapFile(k, world.task, new TinyFile())
      expect(k.store(world.task, at(1), 7)).toBe(0)
      const codes = traps(world)
      k.store(world.task, at(1), 8)
      expect(traps(world)).toEqual([])
      return codes
    }
    expect(onEach((arch) => first(arch, insertWritable))).toEqual({
      'x86-64': ['0x6'],
      'arm64-4k': ['0x92000044'],
      'arm64-4k-nodbm': ['0x92000044', '0x9200004f'],
      'arm64-4k-noaf': ['0x92000044', '0x9200004f'],
      'riscv64-sv48': ['0xf', '0xf'],
      'riscv64-sv48-svadu': ['0xf'],
    })
    expect(new Set(Object.values(onEach((arch) => first(arch).length)))).toEqual(new Set([1]))
    expect(new Set(Object.values(onEach((arch) => first(arch, retry).length)))).toEqual(new Set([2]))
  })

  it('a load of an old page traps where a trap must set the accessed bit', () => {
    const child = (arch: Arch): string[] => {
      const world = worldOn(arch)
      mapAnon(k, world.task)
      k.store(world.task, at(0), 7)
      const t = k.fork(world.task)
      traps(world)
      expect(k.load(t, at(0))).toBe(7)
      return traps(world)
    }
    expect(onEach(child)).toEqual({
      'x86-64': [],
      'arm64-4k': [],
      'arm64-4k-nodbm': [],
      'arm64-4k-noaf': ['0x9200000b'],
      'riscv64-sv48': ['0xd'],
      'riscv64-sv48-svadu': [],
    })
  })

  it('a copy of an old page without struct page begins again once the kernel has marked it young itself', () => {
    const copy = (arch: Arch): number => {
      const world = worldOn(arch)
      mapFile(k, world.task, new TinyFile(), { flags: MAP_PRIVATE })
      k.load(world.task, at(0))
      // An anonymous page makes fork copy the area's entries, old in the child.
      k.store(world.task, at(1), 1)
      const t = k.fork(world.task)
      traps(world)
      expect(k.store(t, at(0), 5)).toBe(0)
      expect([k.load(t, at(0)), k.load(world.task, at(0))]).toEqual([5, 0])
      return world.events.filter((event) => event.startsWith('wp_page_copy')).length
    }
    // 6.1 does not know of Svadu, so it marks the page although the hardware would.
    expect(onEach(copy)).toEqual({
      'x86-64': 1,
      'arm64-4k': 1,
      'arm64-4k-nodbm': 1,
      'arm64-4k-noaf': 2,
      'riscv64-sv48': 2,
      'riscv64-sv48-svadu': 2,
    })
  })

  it('an entry that gets more rights is flushed on arm64, told to this CPU on riscv64, and neither on x86-64', () => {
    const upgrade = (arch: Arch): string[] => {
      const world = worldOn(arch)
      mapFile(k, world.task, new TinyFile())
      k.load(world.task, at(0))
      world.events.length = 0
      k.store(world.task, at(0), 1)
      return world.events.flatMap((event) => /^\w*flush_tlb\w*/.exec(event)?.[0] ?? [])
    }
    const page = ['flush_tlb_mm_range']
    const here = ['local_flush_tlb_page']
    expect(onEach(upgrade)).toEqual({
      'x86-64': [],
      'arm64-4k': page,
      'arm64-4k-nodbm': page,
      'arm64-4k-noaf': page,
      'riscv64-sv48': here,
      'riscv64-sv48-svadu': here,
    })
  })

  it('another CPU with the old translation goes on at once, or after a spurious fault', () => {
    const other = (arch: Arch): number => {
      const world = worldOn(arch, mkwrite, 2)
      const { machine, task: here } = world
      const there = machine.addTask(here.mm, 1)
      mapFile(k, here, new TinyFile())
      k.load(there, at(0))
      k.store(here, at(0), 1)
      traps(world)
      expect(k.store(there, at(0), 2)).toBe(0)
      expect(k.load(here, at(0))).toBe(2)
      return traps(world).length
    }
    expect(onEach(other)).toEqual({
      'x86-64': 0,
      'arm64-4k': 0,
      'arm64-4k-nodbm': 0,
      'arm64-4k-noaf': 0,
      'riscv64-sv48': 1,
      'riscv64-sv48-svadu': 1,
    })
  })

  it('a cached translation that was not flushed keeps a store from going on, however the tables are', () => {
    const { task: t, machine, events } = worldOn('arm64-4k')
    mapFile(k, t, new TinyFile())
    k.load(t, at(0))
    const { pageTables: pt, arch } = machine
    const slot = pt.pteSlotAt(pt.pmdSlot(t.mm.pgd, at(0)), at(0))
    arch.pteMkwrite(pt.lo, pt.hi, slot)
    arch.pteMkdirty(pt.lo, pt.hi, slot)
    events.length = 0
    expect(() => k.store(t, at(0), 1)).toThrow(/64 faults in a row/)
    machine.tlbs[0]!.flushPage(t.mm.tlbContext, at(0))
    expect(k.store(t, at(0), 1)).toBe(0)
  })

  it('mprotect to read-only and back keeps that hardware wrote the page, and its right without a fault', () => {
    const there = (arch: Arch): number => {
      const world = worldOn(arch)
      mapAnon(k, world.task)
      k.store(world.task, at(0), 1)
      k.mprotect(world.task, at(0), PAGE, PROT_READ)
      expect(k.store(world.task, at(0), 2)).toBe(-1)
      expect(outcome(world.task)).toBe('SIGSEGV/SEGV_ACCERR')
      k.mprotect(world.task, at(0), PAGE, PROT_READ | PROT_WRITE)
      traps(world)
      expect(k.store(world.task, at(0), 3)).toBe(0)
      return traps(world).length
    }
    expect(new Set(Object.values(onEach(there)))).toEqual(new Set([0]))
  })

  it('which areas a load may read depends on what the architecture can map', () => {
    const loads = (arch: string | PageTableArch): string =>
      ['-', 'r', 'w', 'x']
        .map((prot) => {
          const { task } = worldOn(arch)
          mapAnon(k, task, { prot: 'rw' })
          k.store(task, at(0), 7)
          k.mprotect(task, at(0), 8 * PAGE, prot === '-' ? PROT_NONE : { r: 1, w: 2, x: 4 }[prot]!)
          return k.load(task, at(0)) === 7 && k.load(task, at(1)) === 0 ? 'ok' : outcome(task)
        })
        .join(' ')
    const denied = 'SIGSEGV/SEGV_ACCERR'
    expect(loads('x86-64')).toBe(`${denied} ok ok ok`)
    expect(loads('arm64-4k')).toBe(`${denied} ok ok ok`)
    expect(loads(createArm64Arch({ cpu: { epan: true } }))).toBe(`${denied} ok ok ${denied}`)
    expect(loads('riscv64-sv48')).toBe(`${denied} ok ok ${denied}`)
  })

  it('beyond user space x86-64 names no address, arm64 looks up no area, riscv64 does', () => {
    const beyond = (arch: Arch): string => {
      const world = worldOn(arch)
      const { task } = world
      const end = task.machine.machineArch.taskSize
      expect(k.load(task, end - 1)).toBe(-1)
      expect(outcome(task)).toBe('SIGSEGV/SEGV_MAPERR')
      traps(world)
      k.load(task, 2 ** 48)
      return `${outcome(task)} ${traps(world).join()}`
    }
    const arm64 = 'SIGSEGV/SEGV_MAPERR 0x92000004'
    const riscv64 = 'SIGSEGV/SEGV_MAPERR 0xd'
    expect(onEach(beyond)).toEqual({
      'x86-64': 'SIGSEGV/SI_KERNEL ',
      'arm64-4k': arm64,
      'arm64-4k-nodbm': arm64,
      'arm64-4k-noaf': arm64,
      'riscv64-sv48': riscv64,
      'riscv64-sv48-svadu': riscv64,
    })
  })

  it('only x86-64 asks a file for 1 GiB', () => {
    const asked = (arch: Arch): string[] => {
      const { task } = worldOn(arch)
      const file = new TinyFile({ huge: true })
      mapFile(k, task, file)
      k.load(task, at(0))
      return file.asked
    }
    expect(asked('x86-64')).toEqual(['huge 2 0 read', 'huge 1 0 read', 'fault 0 read'])
    expect(asked('arm64-4k')).toEqual(['huge 1 0 read', 'fault 0 read'])
    expect(asked('riscv64-sv48')).toEqual(['huge 1 0 read', 'fault 0 read'])
  })

  it('what a batch flushes: its range, page by page up to a limit, or all', () => {
    const flushed = (arch: Arch): string => {
      const world = worldOn(arch)
      mapAnon(k, world.task, { pages: 64 })
      k.store(world.task, at(0), 1)
      k.store(world.task, at(63), 1)
      const context = world.task.mm.tlbContext
      world.events.length = 0
      k.madvise(world.task, at(0), 64 * PAGE, 4)
      const [range] = take(world, 'flush_tlb_mm_range')
      const bytes = range!.includes('Infinity') ? 'all' : 'range'
      return `${bytes} ${context === world.task.mm.tlbContext ? 'page by page' : 'whole'}`
    }
    expect(onEach(flushed)).toEqual({
      'x86-64': 'range whole',
      'arm64-4k': 'range page by page',
      'arm64-4k-nodbm': 'range page by page',
      'arm64-4k-noaf': 'range page by page',
      'riscv64-sv48': 'all whole',
      'riscv64-sv48-svadu': 'all whole',
    })
  })
})

it('arm64 keeps what hardware sets while the kernel upgrades an entry', () => {
  const { task: t, machine } = worldOn('arm64-4k')
  const file = new TinyFile()
  const k = callsOf.plain
  mapFile(k, t, file)
  k.load(t, at(0))
  const { pageTables: pt, arch } = machine
  const slot = pt.pteSlotAt(pt.pmdSlot(t.mm.pgd, at(0)), at(0))
  // An old entry that the kernel makes young for a load, while another CPU stores through it.
  arch.pteMkwrite(pt.lo, pt.hi, slot)
  arch.pteMkold(pt.lo, pt.hi, slot)
  t.scratchLo[0] = pt.lo[slot]!
  t.scratchHi[0] = pt.hi[slot]!
  arch.pteMkyoung(t.scratchLo, t.scratchHi, 0)
  const run = ptepSetAccessFlags(t, at(0), slot, false)
  run.next()
  const RDONLY = 0x80
  pt.lo[slot] = pt.lo[slot]! & ~RDONLY
  run.next()
  expect([arch.pteYoung(pt.lo, pt.hi, slot), arch.pteDirty(pt.lo, pt.hi, slot)]).toEqual([true, true])
})

it.each(['arm64-16k', 'arm64-64k', 'riscv64-sv57', 'x86-64-la57'])('%s is refused by name', (name) => {
  const build = (): unknown => worldOn(name)
  expect(build).toThrow(
    expect.objectContaining<Partial<MachineError>>({
      code: 'BAD_CONFIGURATION',
      found: expect.stringContaining(name) as string,
    }),
  )
})
