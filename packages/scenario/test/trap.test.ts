import { readTrap } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'

describe('readTrap', () => {
  it.each([
    ['0x4', undefined, 'read, no entry', false],
    ['0x7', 'x86-64', 'write, entry present', true],
    ['0x15', 'x86-64', 'instruction fetch, entry present', true],
    ['0x1', 'x86-64-6.12', 'read, entry present, by the kernel', true],
    ['0xd', 'x86-64', 'read, entry present, reserved bit', true],
    ['0x25', 'x86-64', 'read, entry present, protection key', true],
    ['0x92000007', 'arm64-4k', 'read, no entry', false],
    ['0x92000047', 'arm64-4k-nodbm', 'write, no entry', false],
    ['0x9200004e', 'arm64-4k', 'write, entry present, permission', true],
    ['0x9200000b', 'arm64-4k-noaf', 'read, entry present but old', true],
    ['0x82000007', 'arm64-4k', 'instruction fetch, no entry', false],
    ['0x92000021', 'arm64-4k', 'read, status 0x20', true],
    ['0xf', 'riscv64-sv48', 'write', null],
    ['0xd', 'riscv64-sv39', 'read', null],
    ['0xc', 'riscv64-sv39', 'instruction fetch', null],
  ] as const)('says what %s means on %s', (error, arch, words, entryPresent) => {
    expect(readTrap(error, arch)).toEqual({ access: words.split(',')[0], entryPresent, words })
  })
})
