/**
 * How each operation of the language is made up, given what the scenario has so far.
 * @module
 */

import type { KnownMapping, KnownProcess, World } from './generate-world.ts'
import { type Advice, PROT_EXEC, PROT_READ, PROT_WRITE, type SingleWords } from './syntax.ts'

const FILES: readonly string[] = ['a', 'b', 'c']
const MAPPINGS: readonly string[] = ['m0', 'm1', 'm2', 'm3', 'm4']
const CHILDREN: readonly string[] = ['c1', 'c2']
const PAGE = 4096
const MIB = 1 << 20

const PROTECTIONS: readonly (readonly [number, number])[] = [
  [20, PROT_READ | PROT_WRITE],
  [4, PROT_READ],
  [1, 0],
  [1, PROT_WRITE],
  [1, PROT_READ | PROT_EXEC],
  [1, PROT_READ | PROT_WRITE | PROT_EXEC],
]
const ADVICE: readonly (readonly [number, Advice])[] = [
  [5, 'dontneed'],
  [2, 'remove'],
  [2, 'free'],
  [2, 'dontfork'],
  [1, 'willneed'],
  [1, 'hugepage'],
  [1, 'nohugepage'],
  [2, 'populate_read'],
  [3, 'populate_write'],
]
/** Advice that may wait for a frozen file system. */
const WRITING_ADVICE: ReadonlySet<Advice> = new Set(['remove', 'populate_write'])

/** Makes up one operation of a process, or null where it has nothing to work on or would wait for ever. */
export type Maker = (world: World, process: KnownProcess) => SingleWords | null

/** Operations that come in generated scenarios: those of processes with one thread that recorders of kernels know. */
export type GeneratedName = Exclude<SingleWords['op'], 'thread' | 'poke' | 'drop_caches'>

/** How often each operation comes, and how it is made. */
export const MAKERS: Readonly<Record<GeneratedName, readonly [weight: number, make: Maker]>> = {
  load: [20, (world, process) => access(world, process, 'load')],
  store: [26, (world, process) => access(world, process, 'store')],
  fill: [
    5,
    (world, process) =>
      onFile(world, process, (file, size) => {
        const range = world.range(size)
        if (world.shared.has(file)) return null
        return { op: 'fill', file, ...near(range, 8 * MIB), byte: world.random.between(1, 255) }
      }),
  ],
  pread: [
    4,
    (world, process) => {
      const file = someFile(world, process)
      if (file === null) return null
      const size = process.files.get(file)!
      return {
        op: 'pread',
        file,
        offset: world.offset(size) + (world.random.chance(30) ? world.random.below(PAGE) : 0),
      }
    },
  ],
  falloc: [
    4,
    (world, process) =>
      onFile(world, process, (file, size) => {
        const { random } = world
        if (random.chance(2))
          return { op: 'falloc', file, offset: 0, length: random.pick([64, 256, 1024]) * MIB }
        const range = world.range(random.chance(20) ? size * 2 : size)
        return { op: 'falloc', file, ...near(range, 32 * MIB) }
      }),
  ],
  punch: [
    4,
    (world, process) => onFile(world, process, (file, size) => ({ op: 'punch', file, ...world.range(size) })),
  ],
  truncate: [
    3,
    (world, process) =>
      onFile(world, process, (file, size) => {
        const { random } = world
        const to = random.weighted([
          [4, world.offset(size)],
          [2, size],
          [2, world.size()],
          [1, 0],
        ])
        process.files.set(file, Math.min(to, 8 * MIB))
        return { op: 'truncate', file, size: to }
      }),
  ],
  // Only where it is asked for (`GenerateOptions.reflink`).
  reflink: [
    0,
    (world, process) =>
      onFile(world, process, (file, size) => {
        const { random } = world
        const to = random.chance(97) ? random.pick([...process.files.keys()]) : file
        world.shared.add(file).add(to)
        if (to !== file) process.files.set(to, Math.max(size, process.files.get(to) ?? 0))
        return { op: 'reflink', file, to }
      }),
  ],
  fsync: [
    5,
    (world, process) => {
      const file = someFile(world, process)
      return file === null ? null : { op: 'fsync', file }
    },
  ],
  create: [
    1,
    (world, process) => {
      if (world.frozen) return null
      const file = world.random.pick(FILES)
      const size = world.size()
      process.files.set(file, size)
      return { op: 'create', file, size }
    },
  ],
  reopen: [
    1,
    (world, process) => {
      const file = someFile(world, process)
      if (file === null) return null
      return {
        op: 'reopen',
        file,
        mode: world.random.weighted([
          [3, 'rw'],
          [2, 'ro'],
          [1, 'wo'],
        ]),
      }
    },
  ],
  freeze: [
    1,
    (world) => {
      if (world.frozen && !world.random.chance(3)) return null
      world.frozen = true
      return { op: 'freeze' }
    },
  ],
  thaw: [
    1,
    (world) => {
      if (!world.frozen && !world.random.chance(10)) return null
      world.frozen = false
      return { op: 'thaw' }
    },
  ],
  mmap: [6, mmap],
  munmap: [
    2,
    (world, process) =>
      onMapping(world, process, (map, { length }) => ({
        op: 'munmap',
        map,
        ...near(world.range(length), 16 * MIB),
      })),
  ],
  mprotect: [
    4,
    (world, process) =>
      onMapping(world, process, (map, { length }) => ({
        op: 'mprotect',
        map,
        ...near(world.range(length), 16 * MIB),
        prot: world.random.weighted(PROTECTIONS),
      })),
  ],
  msync: [
    4,
    (world, process) =>
      onMapping(world, process, (map, { length }) => ({
        op: 'msync',
        map,
        ...world.range(length),
        mode: world.random.weighted([
          [6, 'sync'],
          [2, 'async'],
          [1, 'invalidate'],
        ]),
      })),
  ],
  madvise: [
    5,
    (world, process) =>
      onMapping(world, process, (map, { length }) => {
        const advice = world.random.weighted(ADVICE)
        if (world.frozen && WRITING_ADVICE.has(advice)) return null
        return { op: 'madvise', map, ...world.range(length), advice }
      }),
  ],
  mlock: [
    1,
    (world, process) =>
      onMapping(world, process, (map, { length }) =>
        populatingWaits(world) ? null : { op: 'mlock', map, ...near(world.range(length), 16 * MIB) },
      ),
  ],
  mremap: [2, mremap],
  fork: [
    1,
    (world, process) => {
      const childName = CHILDREN.find((name) => !world.children.has(name))
      if (process !== world.first || childName === undefined) return null
      world.children.set(childName, {
        files: new Map(process.files),
        mappings: new Map(
          Array.from(process.mappings, ([name, known]) => [name, { ...known, kinds: new Set(known.kinds) }]),
        ),
      })
      return { op: 'fork', childName }
    },
  ],
  sleep: [1, (world) => ({ op: 'sleep', ms: world.random.between(1, 20) })],
}

/** A range that is not longer than `most`, so that it meets nothing of the process that executes it. */
function near(
  { offset, length }: { offset: number; length: number },
  most: number,
): { offset: number; length: number } {
  return { offset: Math.min(offset, 2 ** 44), length: Math.min(length, most) }
}

function someFile({ random }: World, { files }: KnownProcess): string | null {
  return files.size === 0 ? null : random.pick([...files.keys()])
}

/** An operation that writes to a file: none while the file system is frozen. */
function onFile(
  world: World,
  process: KnownProcess,
  make: (file: string, size: number) => SingleWords | null,
): SingleWords | null {
  const file = world.frozen ? null : someFile(world, process)
  return file === null ? null : make(file, process.files.get(file)!)
}

function onMapping(
  world: World,
  { mappings }: KnownProcess,
  make: (map: string, known: KnownMapping) => SingleWords | null,
): SingleWords | null {
  const { random } = world
  if (mappings.size === 0 || random.chance(1)) return null
  const map = random.pick([...mappings.keys()])
  return make(map, mappings.get(map)!)
}

function access(world: World, process: KnownProcess, op: 'load' | 'store'): SingleWords | null {
  const { random } = world
  if (random.chance(1))
    return op === 'load' ? { op, map: 'nowhere', offset: 0 } : { op, map: 'nowhere', offset: 0, byte: 1 }
  return onMapping(world, process, (map, { length, kinds, resized }) => {
    let offset = Math.min(world.offset(length), 64 * MIB)
    if (random.chance(15)) offset += random.pick([8, 4095, random.below(PAGE)])
    if (op === 'load') return { op, map, offset }
    const mayWait =
      resized ||
      kinds.has('shared') ||
      kinds.has('sync') ||
      (world.privateStoresWait && kinds.has('private')) ||
      offset >= length
    return world.frozen && mayWait ? null : { op, map, offset, byte: random.between(1, 255) }
  })
}

function mmap(world: World, process: KnownProcess): SingleWords | null {
  const { random, theme } = world
  const file = random.chance(25) ? null : someFile(world, process)
  const map = random.pick(MAPPINGS)
  const kind =
    file === null
      ? 'private'
      : random.weighted([
          [6, 'shared'],
          [3, 'private'],
          [2, 'sync'],
        ] as const)
  const size = file === null ? 0 : process.files.get(file)!
  let offset = 0
  if (file !== null && random.chance(25)) offset = Math.floor(world.offset(size) / PAGE) * PAGE
  if (random.chance(theme.wrong)) offset = world.odd(size)
  let length = file === null || random.chance(30) ? world.size() : Math.max(PAGE, size - offset)
  if (random.chance(theme.wrong)) length = random.pick([0, 1, PAGE + 1, length + PAGE, 2 ** 47, 2 ** 51])
  offset = Math.min(offset, 2 ** 52)
  const known = process.mappings.get(map) ?? { file, length, kinds: new Set(), resized: false }
  known.kinds.add(file === null ? 'anon' : kind)
  known.file = known.file === file ? file : null
  known.length = Math.min(length, 8 * MIB)
  process.mappings.set(map, known)
  const small = length <= 2 * MIB
  return {
    op: 'mmap',
    map,
    file,
    offset,
    length,
    prot: random.weighted(PROTECTIONS),
    kind,
    populate: small && random.chance(10) && !populatingWaits(world),
    locked: small && random.chance(8) && !populatingWaits(world),
  }
}

/** Populating a private mapping stores to it. */
function populatingWaits({ frozen, privateStoresWait }: World): boolean {
  return frozen && privateStoresWait
}

function mremap(world: World, process: KnownProcess): SingleWords | null {
  const { random, theme } = world
  return onMapping(world, process, (map, known) => {
    const part = random.chance(30)
      ? near(world.range(known.length), 16 * MIB)
      : { offset: 0, length: known.length }
    const pages = Math.max(1, Math.ceil(part.length / PAGE))
    let newLength =
      random.weighted([
        [3, pages],
        [3, pages + random.between(1, 8)],
        [2, random.between(1, pages)],
        [1, pages * 2],
      ]) * PAGE
    let oldLength = part.length
    if (random.chance(4)) oldLength = 0
    if (random.chance(theme.unaligned)) newLength -= random.below(PAGE)
    if (random.chance(theme.wrong)) newLength = random.pick([0, 1, 64 * MIB])
    known.resized = true
    if (part.offset === 0 && newLength > 0) known.length = Math.min(newLength, 8 * MIB)
    return {
      op: 'mremap',
      map,
      offset: part.offset,
      oldLength,
      newLength,
      mode: random.weighted([
        [4, 'maymove'],
        [3, 'move'],
        [2, 'inplace'],
      ]),
    }
  })
}
