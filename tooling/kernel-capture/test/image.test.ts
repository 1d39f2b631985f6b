// What is made of, and read out of, a kernel's files: no file of a real kernel is needed.
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Btf } from '../src/btf.ts'
import { cpio } from '../src/cpio.ts'
import { moduleName, modulesToLoad } from '../src/modules.ts'
import { elfSection, extractVmlinux } from '../src/vmlinux.ts'

/** A BTF of the given strings and types; a type is its words. */
function btf(strings: readonly string[], types: readonly (readonly number[])[]): Buffer {
  const names = Buffer.from(['', ...strings].map((name) => `${name}\0`).join(''))
  const body = Buffer.from(Uint32Array.from(types.flat()).buffer)
  const header = Buffer.alloc(24)
  header.writeUInt16LE(0xeb9f, 0)
  header[2] = 1
  header.writeUInt32LE(24, 4)
  header.writeUInt32LE(0, 8)
  header.writeUInt32LE(body.length, 12)
  header.writeUInt32LE(body.length, 16)
  header.writeUInt32LE(names.length, 20)
  return Buffer.concat([header, body, names])
}

const kind = (number: number, count = 0, flag = 0): number => ((flag << 31) | (number << 24) | count) >>> 0

describe('BTF', () => {
  // 1: int; 2: struct mm { int count; struct { int pgd; } }; 3: const → 4; 4: the anonymous structure.
  const bytes = btf(
    ['int', 'mm', 'count', 'pgd'],
    [
      [1, kind(1), 4, 32],
      [5, kind(4, 2), 16, 8, 1, 0, 0, 3, 64],
      [0, kind(10), 4],
      [0, kind(4, 1), 8, 14, 1, 32],
    ],
  )

  test('tells offsets of members, also through structures without a name', () => {
    const types = new Btf(bytes, 'x')
    expect(types.memberOffset('mm', 'count')).toBe(0)
    expect(types.memberOffset('mm', 'pgd')).toBe(12)
    expect(types.memberOffset('mm', 'nothing')).toBeNull()
    expect(types.memberOffset('nothing', 'pgd')).toBeNull()
  })

  test('leaves the widths of bit fields out of offsets', () => {
    const flagged = btf(['s', 'b'], [[1, kind(4, 1, 1), 8, 3, 0, (3 << 24) | 40]])
    expect(new Btf(flagged, 'x').memberOffset('s', 'b')).toBe(5)
  })

  test('refuses what it is not', () => {
    expect(() => new Btf(Buffer.alloc(64), 'x')).toThrow('x: found bytes without its magic, expected BTF')
    expect(() => new Btf(btf([], [[0, kind(25), 0]]), 'x')).toThrow('found a type of kind 25')
  })
})

describe('a bzImage', () => {
  /** An ELF file with one section besides the names. */
  function elf(): Buffer {
    const bytes = Buffer.alloc(0x200)
    bytes.write('\x7fELF', 0, 'latin1')
    bytes.writeBigUInt64LE(0x100n, 0x28)
    bytes.writeUInt16LE(0x40, 0x3a)
    bytes.writeUInt16LE(2, 0x3c)
    bytes.writeUInt16LE(0, 0x3e)
    bytes.write('\0.names\0.BTF\0', 0x80, 'latin1')
    for (const [index, name, offset, size] of [
      [0, 1, 0x80, 0x20],
      [1, 8, 0xc0, 4],
    ] as const) {
      bytes.writeUInt32LE(name, 0x100 + index * 0x40)
      bytes.writeBigUInt64LE(BigInt(offset), 0x100 + index * 0x40 + 0x18)
      bytes.writeBigUInt64LE(BigInt(size), 0x100 + index * 0x40 + 0x20)
    }
    bytes.write('data', 0xc0)
    return bytes
  }

  function bzImage(payload: Buffer): Buffer {
    const setup = Buffer.alloc(2 * 512)
    setup[0x1f1] = 1
    setup.write('HdrS', 0x202)
    setup.writeUInt32LE(0, 0x248)
    setup.writeUInt32LE(payload.length, 0x24c)
    return Buffer.concat([setup, payload])
  }

  test('gives the kernel in it, and that its sections', () => {
    const vmlinux = extractVmlinux(bzImage(gzipSync(elf())), 'vmlinuz')
    expect(elfSection(vmlinux, '.BTF')?.toString()).toBe('data')
    expect(elfSection(vmlinux, '.debug')).toBeNull()
  })

  test('is refused when it is something else', () => {
    expect(() => extractVmlinux(Buffer.from('#!/bin/sh\n'), 'f')).toThrow(
      'f: found a file without the header',
    )
    expect(() => extractVmlinux(bzImage(Buffer.from('plain text')), 'f')).toThrow(
      'found a payload that begins with',
    )
    expect(() => extractVmlinux(bzImage(gzipSync('plain text')), 'f')).toThrow(
      'a payload that is no ELF file',
    )
  })
})

describe('modules', () => {
  const dependencies = [
    'kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz kernel/fs/jbd2/jbd2.ko.xz',
    'kernel/fs/jbd2/jbd2.ko.xz:',
    'kernel/lib/crc16.ko.xz:',
    'kernel/drivers/nvdimm/nd_pmem.ko.xz: kernel/fs/jbd2/jbd2.ko.xz',
    '',
  ].join('\n')

  test('come after what they need, each once', () => {
    expect(
      modulesToLoad(['nd_pmem', 'ext4', 'libcrc32c'], dependencies, 'kernel/lib/libcrc32c.ko\n'),
    ).toEqual([
      'kernel/fs/jbd2/jbd2.ko.xz',
      'kernel/drivers/nvdimm/nd_pmem.ko.xz',
      'kernel/lib/crc16.ko.xz',
      'kernel/fs/ext4/ext4.ko.xz',
    ])
  })

  test('have names without folder, ending and dashes', () => {
    expect(moduleName('kernel/crypto/crc32c-generic.ko.xz')).toBe('crc32c_generic')
    expect(moduleName('kernel/fs/ext4/ext4.ko')).toBe('ext4')
  })

  test('that are nowhere are refused', () => {
    expect(() => modulesToLoad(['xfs'], dependencies, '')).toThrow(
      'module xfs: found no such module in the image',
    )
  })
})

describe('the archive', () => {
  const archive = cpio(
    [
      { path: 'init', bytes: Buffer.from('#!sh'), executable: true },
      { path: 'lib/a/b', bytes: Buffer.from('12345'), executable: false },
    ],
    ['dev'],
  )

  test('has folders before what is in them, and ends', () => {
    expect(entriesOf(archive)).toEqual([
      ['dev', '40755', ''],
      ['init', '100755', '#!sh'],
      ['lib', '40755', ''],
      ['lib/a', '40755', ''],
      ['lib/a/b', '100644', '12345'],
      ['TRAILER!!!', '0', ''],
    ])
  })

  /** Reads it as the kernel does. */
  function entriesOf(bytes: Buffer): readonly (readonly [string, string, string])[] {
    const entries: [string, string, string][] = []
    const round = (n: number): number => (n + 3) & ~3
    for (let at = 0; at < bytes.length; ) {
      expect(bytes.toString('latin1', at, at + 6)).toBe('070701')
      const field = (n: number): number =>
        Number.parseInt(bytes.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16)
      const [mode, size, nameSize] = [field(1), field(6), field(11)]
      const body = round(at + 110 + nameSize)
      const name = bytes.toString('latin1', at + 110, at + 110 + nameSize - 1)
      entries.push([name, mode.toString(8), bytes.toString('latin1', body, body + size)])
      at = round(body + size)
    }
    return entries
  }
})
