/**
 * The block mapping against recordings of real kernels (fixtures/kernel-observations). Of every scenario only what
 * concerns blocks is replayed, with the requests that the kernel made of the file system (its iomap_begin events).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  BlockMap,
  Ext4Blocks,
  ext4AllocFileBlocks,
  ext4Evict,
  ext4IomapBegin,
  ext4PunchHole,
  ext4ReleaseFile,
  ext4Truncate,
  type InodeBlocks,
  MAP_MAPPED,
  MAP_NEW,
  MAP_UNWRITTEN,
} from '../src/ext4/blocks/index.ts'

const RECORDINGS = new URL('../../../fixtures/kernel-observations/', import.meta.url)
const BLOCK = 4096
const HUGE = 512

interface Event {
  name: string
  write?: boolean
  pos?: string
  len?: string
  frame?: string
  ret?: string
}
interface Fault {
  at: string
  ret?: string[]
  events?: Event[]
}
interface Pte {
  at: string
  level: number
  frame: string
}
interface Op {
  op: string
  result: { ret?: number; errno?: string; signal?: string; skipped?: boolean }
  faults: Fault[]
  events: Event[]
  files: { name: string; blocks: number; size: number }[]
  ptes: Pte[]
}
interface File {
  inode: InodeBlocks
  size: number
}
interface Mapping {
  file: File | null
  offset: number
}

/** In the order in which they were recorded, one after the other on the same file system. */
function scenarios(kernel: string): [string, Op[]][] {
  const folder = new URL(`${kernel}/`, RECORDINGS)
  const names = readdirSync(folder).sort()
  return names.map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')).ops as Op[]])
}

function number(text: string): number {
  const unit = text.at(-1)
  if (unit === 'k') return Number(text.slice(0, -1)) * 1024
  return unit === 'm' ? Number(text.slice(0, -1)) * 1024 * 1024 : Number(text)
}

/** Physical block of a file's block as the extent tree has it, without touching any cache; 0 for a hole. */
function peek(inode: InodeBlocks, lblk: number): { pblk: number; unwritten: boolean } {
  let node = inode.root
  while (node.depth > 0) node = node.children[node.search(lblk)]!
  const i = node.search(lblk)
  if (i < 0 || lblk < node.block[i]! || lblk >= node.end(i)) return { pblk: 0, unwritten: false }
  return { pblk: node.start[i]! + (lblk - node.block[i]!), unwritten: node.raw[i]! > 32768 }
}

class Replay {
  readonly differences: string[] = []
  /** What was compared, by kind, and how often it agreed. */
  readonly tally = new Map<string, [number, number]>()
  private readonly fs: Ext4Blocks
  private readonly files = new Map<string, File>()
  private readonly processes = new Map<string, Map<string, Mapping>>([['', new Map()]])
  private readonly map = new BlockMap()
  /** Frames are numbered by first appearance in a scenario, and number and block must stay together. */
  private readonly frames = new Map<string, number>()
  private readonly blocks = new Map<number, string>()
  private where = ''
  /** 6.12 zeroes the rest of the last block when the file grows. */
  private readonly zeroesTailOnGrowth: boolean

  constructor(fs: Ext4Blocks, kernel: string) {
    this.fs = fs
    this.zeroesTailOnGrowth = kernel === 'linux-6.12-ext4'
  }

  run(name: string, ops: Op[]): void {
    for (const [i, op] of ops.entries()) {
      this.where = `${name} ${i} "${op.op}"`
      this.operation(op)
    }
    for (const file of this.files.values()) {
      ext4ReleaseFile(this.fs, file.inode)
      ext4Evict(this.fs, file.inode)
    }
  }

  private check(kind: string, kernel: unknown, model: unknown, note = ''): void {
    const agrees = JSON.stringify(kernel) === JSON.stringify(model)
    const count = this.tally.get(kind) ?? [0, 0]
    count[1]++
    if (agrees) count[0]++
    else
      this.differences.push(
        `${this.where} ${note}${kind}: kernel ${JSON.stringify(kernel)}, model ${JSON.stringify(model)}`,
      )
    this.tally.set(kind, count)
  }

  private operation(op: Op): void {
    const words = op.op.split(/\s+/)
    const child = words[0]!.startsWith('@') ? words.shift()!.slice(1) : ''
    const maps = this.processes.get(child)!
    if (words[0] === 'mmap' && op.result.ret !== undefined) {
      const file = words[2] === 'anon' ? null : this.files.get(words[2]!)!
      maps.set(words[1]!, { file, offset: number(words[3]!) })
    }
    if (words[0] === 'fork') this.processes.set(words[1]!, new Map(maps))
    if (op.result.ret !== undefined) this.systemCall(words, op, maps)
    for (const fault of op.faults) this.fault(fault, maps)
    for (const entry of op.files) {
      const file = this.files.get(entry.name)!
      this.check('blocks', entry.blocks, file.inode.iBlocks)
      this.check('size', entry.size, file.size)
    }
    for (const pte of op.ptes) this.pte(pte, maps)
  }

  private begin(file: File, pos: number, len: number, write: boolean, nested: boolean): number {
    return ext4IomapBegin(this.fs, file.inode, this.map, pos, len, write, file.size, true, nested)
  }

  private requests(op: Op): [number, number, boolean][] {
    return op.events
      .filter((event) => event.name === 'iomap_begin')
      .map((event) => [Number(event.pos), Number(event.len), event.write === true])
  }

  private systemCall(words: string[], op: Op, maps: Map<string, Mapping>): void {
    const [name, target = ''] = words
    const requests = this.requests(op)
    const made: [number, number, boolean][] = []
    const lookUp = (file: File, pos: number, len: number) => {
      made.push([pos, len, false])
      this.begin(file, pos, len, false, false)
    }
    const file = this.files.get(target)
    if (name === 'create') {
      if (file !== undefined) this.truncate(file, 0, lookUp)
      const created = file ?? { inode: this.fs.newInode(), size: 0 }
      this.files.set(target, created)
      this.truncate(created, number(words[2]!), lookUp)
    } else if (name === 'fill') {
      const pos = number(words[2]!)
      const end = pos + op.result.ret!
      let at = pos
      while (at < end) {
        made.push([at, end - at, true])
        const err = this.begin(file!, at, end - at, true, false)
        this.check('written', 0, err)
        this.check('mapped after write', MAP_MAPPED, this.map.flags & (MAP_MAPPED | MAP_UNWRITTEN))
        at = Math.min(end, (this.map.lblk + this.map.len) * BLOCK)
      }
      file!.size = Math.max(file!.size, end)
    } else if (name === 'pread') {
      const pos = number(words[2]!)
      if (pos < file!.size) lookUp(file!, pos, 1)
    } else if (name === 'falloc') {
      const pos = number(words[2]!)
      const end = pos + number(words[3]!)
      const first = Math.floor(pos / BLOCK)
      const newSize = end > file!.size ? end : 0
      this.check(
        'falloc',
        0,
        ext4AllocFileBlocks(this.fs, file!.inode, first, Math.ceil(end / BLOCK) - first, newSize, file!.size),
      )
      file!.size = Math.max(file!.size, end)
    } else if (name === 'punch') {
      this.punch(file!, number(words[2]!), number(words[3]!), lookUp)
    } else if (name === 'truncate') {
      this.truncate(file!, number(words[2]!), lookUp)
    } else if (name === 'madvise' && words[4] === 'remove') {
      const { file, offset } = maps.get(target)!
      if (file !== null) this.punch(file, offset + number(words[2]!), number(words[3]!), lookUp)
    } else if (name === 'fsync' || (name === 'msync' && words[4] !== 'async')) {
      this.fs.commit()
    }
    this.check('requests', requests, made)
  }

  private truncate(file: File, size: number, lookUp: (file: File, pos: number, len: number) => void): void {
    const old = file.size
    file.size = size
    if (size > old) {
      const tail = old % BLOCK
      if (this.zeroesTailOnGrowth && tail !== 0) lookUp(file, old, BLOCK - tail)
      return
    }
    if (size % BLOCK !== 0) lookUp(file, size, BLOCK - (size % BLOCK))
    ext4Truncate(this.fs, file.inode, size)
  }

  private punch(
    file: File,
    offset: number,
    length: number,
    lookUp: (file: File, pos: number, len: number) => void,
  ): void {
    if (offset < file.size) {
      const end = offset + length > file.size ? file.size + BLOCK - (file.size % BLOCK) : offset + length
      const head = offset % BLOCK
      const tail = end % BLOCK
      const single = Math.floor(offset / BLOCK) === Math.floor((end - 1) / BLOCK)
      if (single && (head !== 0 || tail !== 0)) lookUp(file, offset, end - offset)
      else {
        if (head !== 0) lookUp(file, offset, BLOCK - head)
        if (tail !== 0) lookUp(file, end - tail, tail)
      }
    }
    ext4PunchHole(this.fs, file.inode, offset, length, file.size)
  }

  private fault(fault: Fault, maps: Map<string, Mapping>): void {
    const mapping = maps.get(fault.at.split('+')[0]!)
    const file = mapping?.file ?? null
    const events = fault.events ?? []
    let pteWrite = false
    let fresh = false
    for (const [i, event] of events.entries()) {
      if (event.name === 'dax_finish_sync_fault') this.fs.commit()
      if (event.name !== 'iomap_begin') continue
      if (file === null) throw new Error(`${this.where}: iomap_begin without a file`)
      const pos = Number(event.pos)
      const len = Number(event.len)
      const write = event.write === true
      this.begin(file, pos, len, write, write)
      const rest = events.slice(i + 1)
      const next = rest.findIndex((other) => other.name === 'iomap_begin')
      const own = next < 0 ? rest : rest.slice(0, next)
      if (len === BLOCK) this.afterPteFault(fault, own, write)
      else this.afterPmdFault(own, write)
      if (len === BLOCK && write) {
        pteWrite = true
        if ((this.map.flags & MAP_NEW) !== 0) fresh = true
      }
    }
    const sync = events.some((event) => event.name === 'dax_finish_sync_fault')
    if (pteWrite && !sync) this.check('new', fault.ret!.includes('MAJOR'), fresh)
  }

  private afterPteFault(fault: Fault, events: Event[], write: boolean): void {
    const { flags, pblk } = this.map
    if (write) {
      this.check('mapped after write', MAP_MAPPED, flags & (MAP_MAPPED | MAP_UNWRITTEN))
    } else if (!fault.ret!.includes('DONE_COW')) {
      const hole = events.some((event) => event.name === 'dax_load_hole')
      this.check('hole on read', hole, (flags & MAP_MAPPED) === 0)
    }
    for (const event of events) {
      if (event.name.startsWith('vmf_insert_mixed') && event.frame !== 'zero') this.frame(event.frame!, pblk)
    }
  }

  private afterPmdFault(events: Event[], write: boolean): void {
    const { flags, len, pblk } = this.map
    const huge = len >= HUGE
    if (!write && (flags & MAP_MAPPED) === 0) {
      this.check(
        'huge zero page',
        events.some((event) => event.name === 'dax_pmd_load_hole'),
        huge,
      )
      return
    }
    const done = events.find((event) => event.name === 'dax_pmd_fault_done')!
    this.check('huge leaf', done.ret !== 'FALLBACK', huge && pblk % HUGE === 0)
  }

  private pte(pte: Pte, maps: Map<string, Mapping>): void {
    if (!pte.frame.startsWith('pmem')) return
    const [name = '', offset = ''] = pte.at.split('+')
    const mapping = maps.get(name)
    if (mapping?.file == null) return
    const { pblk, unwritten } = peek(mapping.file.inode, (mapping.offset + Number(offset)) / BLOCK)
    this.check('mapped in table', false, unwritten || pblk === 0)
    this.frame(pte.frame, pblk)
  }

  private frame(frame: string, pblk: number): void {
    if (!this.frames.has(frame) && !this.blocks.has(pblk)) {
      this.frames.set(frame, pblk)
      this.blocks.set(pblk, frame)
    }
    this.check('frame', frame, this.blocks.get(pblk), `(block ${pblk}, was ${this.frames.get(frame)}) `)
  }
}

/** How often each kind of check was made and agreed; all that differed. */
function report(replays: readonly Replay[]): { made: Record<string, string>; differences: string[] } {
  const sum = new Map<string, [number, number]>()
  for (const replay of replays) {
    for (const [kind, [agree, all]] of replay.tally) {
      const count = sum.get(kind) ?? [0, 0]
      sum.set(kind, [count[0] + agree, count[1] + all])
    }
  }
  const made = Object.fromEntries([...sum].map(([kind, [agree, all]]) => [kind, `${agree}/${all}`]))
  return { made, differences: replays.flatMap((replay) => replay.differences) }
}

function fileSystem(kernel: string, used: boolean): Ext4Blocks {
  const device = { blocks: 131072, zero() {} }
  return new Ext4Blocks(device, { used, punchCachesHole: kernel === 'linux-6.12-ext4' })
}

/** Each scenario on a file system of its own. */
function alone(kernel: string, used: boolean): Replay[] {
  return scenarios(kernel).map(([name, ops]) => {
    const replay = new Replay(fileSystem(kernel, used), kernel)
    replay.run(name, ops)
    return replay
  })
}

describe.each([
  'linux-6.1-ext4',
  'linux-6.1-ext4-retry',
  'linux-6.1-ext4-fallthrough',
  'linux-6.1-ext4-insert-writable',
  'linux-6.1-ext4-readonly-hint',
  'linux-6.1-ext4-deferred-mtime',
  'linux-6.12-ext4',
])('%s', (kernel) => {
  test('all scenarios one after the other, as they were recorded', () => {
    const fs = fileSystem(kernel, false)
    const replays = scenarios(kernel).map(([name, ops]) => {
      const replay = new Replay(fs, kernel)
      replay.run(name, ops)
      return replay
    })
    expect(report(replays).differences).toEqual([])
  })

  test('each scenario alone, on a file system that was used before', () => {
    expect(report(alone(kernel, true)).differences).toEqual([])
  })
})

test('what was compared', () => {
  expect(report(alone('linux-6.1-ext4', true)).made).toMatchInlineSnapshot(`
    {
      "blocks": "622/622",
      "falloc": "92/92",
      "frame": "1254/1254",
      "hole on read": "202/202",
      "huge leaf": "32/32",
      "huge zero page": "21/21",
      "mapped after write": "286/286",
      "mapped in table": "1035/1035",
      "new": "156/156",
      "requests": "1689/1689",
      "size": "622/622",
      "written": "127/127",
    }
  `)
})

test('on a fresh file system one scenario differs: no blocks are set aside for small files yet', () => {
  expect(report(alone('linux-6.1-ext4', false)).differences).toMatchInlineSnapshot(`
    [
      "s0043-fork.json 8 "store m0 0x3fff 255" new: kernel true, model false",
    ]
  `)
})
