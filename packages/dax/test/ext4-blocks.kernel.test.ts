/**
 * The block mapping against a real kernel, line by line: status tree, extents, placement, buddies, free blocks.
 * What is compared and how it was recorded: ext4-blocks-kernel/README.md.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  BLOCK_SIZE,
  BlockMap,
  ENOSPC,
  Ext4Blocks,
  ext4AllocFileBlocks,
  ext4Evict,
  ext4IomapBegin,
  ext4MapBlocks,
  ext4PunchHole,
  ext4ReleaseFile,
  ext4ShouldRetryAlloc,
  ext4Truncate,
  type InodeBlocks,
  MAP_UNWRITTEN,
} from '../src/ext4/blocks/index.ts'

interface File {
  inode: InodeBlocks
  size: number
  open: boolean
  linked: boolean
}

/** The recorder's operations on the model. */
class Machine {
  readonly fs: Ext4Blocks = new Ext4Blocks({ blocks: 131072, zero() {} })
  private readonly files: File[] = []
  private readonly map = new BlockMap()

  /** Executes an operation and says what the recorder would print. */
  execute(line: string, withStatus: boolean): string {
    const [op = '', number = '', first = '', second = ''] = line.split(' ')
    const f = Number(number)
    const result = this.run(op, f, Number(first), Number(second))
    const onFile = op !== 'sy' && op !== 'gr'
    const file = onFile ? this.files[f]! : undefined
    const there = file !== undefined && (file.open || file.linked)
    const blocks = there ? file.inode.iBlocks : -1
    let text = `${line} = ${result} b=${blocks} s=${there ? file.size : -1} free=${this.fs.freeBlocks}`
    if (op === 'fm') text += ` FM${this.extents(file!)}`
    else if (op === 'gr') text += ` GR${this.buddies()}`
    else if (there && withStatus) text += ` ES${this.status(file)}`
    return text
  }

  private run(op: string, f: number, a: number, b: number): number {
    const file = this.files[f]!
    if (op === 'op') this.open(f)
    else if (op === 'w') return this.write(file, a, b)
    else if (op === 'r' && a < file.size) return this.begin(file, a, 1, false, false)
    else if (op === 'fa') return this.allocate(file, a, b)
    else if (op === 'p') return ext4PunchHole(this.fs, file.inode, a, b, file.size)
    else if (op === 't') return this.truncate(file, a)
    else if (op === 'st' || op === 'ld') return this.touch(file, a, op === 'st')
    else if (op === 'alt') return this.alternate(file, a, b)
    else if (op === 'sy') this.fs.commit()
    else if (op === 'cl') {
      file.open = false
      ext4ReleaseFile(this.fs, file.inode)
      if (!file.linked) ext4Evict(this.fs, file.inode)
    } else if (op === 'un') {
      file.linked = false
      if (!file.open) ext4Evict(this.fs, file.inode)
    }
    return 0
  }

  private open(f: number): void {
    const file = this.files[f]
    if (file?.linked) file.open = true
    else this.files[f] = { inode: this.fs.newInode(), size: 0, open: true, linked: true }
  }

  private begin(file: File, at: number, length: number, write: boolean, nested: boolean): number {
    return ext4IomapBegin(this.fs, file.inode, this.map, at, length, write, file.size, true, nested)
  }

  /**
   * ext4_dax_write_iter. When it fails behind the end of the file, 6.1 adds the negative error to the offset and makes
   * that the size.
   */
  private write(file: File, from: number, length: number): number {
    const end = from + length
    const extend = end > file.size
    let at = from
    let err = 0
    while (at < end && err === 0) {
      err = this.begin(file, at, end - at, true, false)
      if (err === 0) at = Math.min(end, (this.map.lblk + this.map.len) * BLOCK_SIZE)
    }
    const result = at > from ? at - from : err
    if (extend) {
      file.size = Math.max(file.size, from + result)
      if (result < length) ext4Truncate(this.fs, file.inode, file.size)
    }
    return result
  }

  private allocate(file: File, from: number, length: number): number {
    const end = from + length
    const first = Math.floor(from / BLOCK_SIZE)
    const count = Math.ceil(end / BLOCK_SIZE) - first
    const result = ext4AllocFileBlocks(
      this.fs,
      file.inode,
      first,
      count,
      end > file.size ? end : 0,
      file.size,
    )
    file.size = Math.max(file.size, file.inode.isize)
    return result
  }

  private truncate(file: File, size: number): number {
    const shrink = size <= file.size
    file.size = size
    return shrink ? ext4Truncate(this.fs, file.inode, size) : 0
  }

  /** A fault on one page; the handler commits and tries again when there is no space. */
  private touch(file: File, at: number, write: boolean): number {
    const page = at - (at % BLOCK_SIZE)
    for (let tries = 1; ; tries++) {
      const err = this.begin(file, page, BLOCK_SIZE, write, true)
      if (err !== -ENOSPC || !ext4ShouldRetryAlloc(this.fs, tries)) return err
    }
  }

  private alternate(file: File, first: number, count: number): number {
    for (let i = first; i < first + count; i++) {
      const err =
        (i & 1) !== 0
          ? this.allocate(file, i * BLOCK_SIZE, BLOCK_SIZE)
          : this.write(file, i * BLOCK_SIZE, BLOCK_SIZE)
      if (err < 0) return err
    }
    return 0
  }

  private status(file: File): string {
    const { es } = file.inode
    let text = ''
    for (let i = 0; i < es.count && es.lblk[i]! < Math.floor(file.size / BLOCK_SIZE) + 2; i++) {
      text += ` ${es.lblk[i]}+${es.len[i]}@${es.pblk[i]}${['', 'w', 'u', '', 'h'][es.status[i]!]}`
    }
    return text
  }

  private extents(file: File): string {
    const { map } = this
    let text = ''
    for (let at = 0; at < 16384; at += map.len) {
      ext4MapBlocks(this.fs, file.inode, map.set(at, 16384 - at), 0, file.size, file.open)
      if (map.flags !== 0)
        text += ` ${at}+${map.len}@${map.pblk}${(map.flags & MAP_UNWRITTEN) !== 0 ? 'u' : 'w'}`
    }
    return text
  }

  /** Reading mb_groups loads every buddy. */
  private buddies(): string {
    let text = ''
    for (const group of this.fs.groups) {
      group.unread = false
      text += ` | #${group.index} ${group.free} ${group.fragments} ${group.firstFree} [ ${group.counters.join(' ')} ]`
    }
    return text
  }
}

const recording = readFileSync(new URL('./ext4-blocks-kernel/linux-6.1.176.txt', import.meta.url), 'utf8')
const scripts = recording
  .split('SCRIPT ')
  .slice(1)
  .map((text) => text.trimEnd().split('\n'))

/** One blank where mb_groups pads its columns. */
function narrow(line: string): string {
  return line.replaceAll(/\s+/g, ' ').replaceAll(/(#\d+) :/g, '$1')
}

describe('as Linux 6.1.176 did', () => {
  test.each(scripts.map((lines) => [lines[0]!, lines.slice(1, -1)] as const))('%s', (_name, lines) => {
    const machine = new Machine()
    for (const line of lines) {
      const operation = line.slice(0, line.indexOf(' = '))
      expect(machine.execute(operation, line.includes(' ES'))).toBe(narrow(line).trim())
    }
  })
})
