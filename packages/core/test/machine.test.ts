import {
  bitNames,
  FAULT_FLAG_NAMES,
  isCowMapping,
  kernel61,
  kernelByName,
  kernelNames,
  Machine,
  MachineError,
  type MachineOptions,
  notModelled,
  PMEM_BASE_PFN,
  type STRATEGY_API_VERSION,
  VM_FAULT_NAMES,
  VM_MAYWRITE,
  VM_SHARED,
} from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { mkwrite } from './strategies.ts'

const build = (options: Partial<MachineOptions> = {}): Machine =>
  new Machine({ strategy: mkwrite, ...options })

describe('Machine', () => {
  it('is by default the machine of the recordings', () => {
    const machine = build()
    expect([machine.kernel.name, machine.tlbs.length, machine.memory.pmemPages]).toEqual(['6.1', 1, 131072])
    expect(machine.memory.ramBasePfn).toBe(PMEM_BASE_PFN + 131072)
    expect([machine.trace, machine.now]).toEqual([null, 1])
  })

  it.each([0, 65, 1.5, Number.NaN])('refuses %d CPUs', (cpus) => {
    expect(() => build({ cpus })).toThrowError(
      expect.objectContaining({ code: 'BAD_CONFIGURATION', found: `${cpus} CPUs` }),
    )
  })

  it('refuses a strategy for another version of the contract', () => {
    const strategy = { ...mkwrite, name: 'old', apiVersion: 0 as typeof STRATEGY_API_VERSION }
    expect(() => build({ strategy })).toThrowError(
      /strategy old, apiVersion: number 0; expected 1, the version of this core; /,
    )
  })

  it('numbers tasks and address spaces, and counts its clock', () => {
    const machine = build({ cpus: 2 })
    const first = machine.createTask()
    const thread = machine.addTask(first.mm, 1)
    const other = machine.createTask(1)
    expect([first, thread, other].map((t) => [t.id, t.cpu, t.mm.mmapLock.name])).toEqual([
      [1, 0, 'mm1.mmap_lock'],
      [2, 1, 'mm1.mmap_lock'],
      [3, 1, 'mm2.mmap_lock'],
    ])
    expect(machine.tasks).toEqual([first, thread, other])
    machine.tick()
    expect(machine.now).toBe(2)
    expect(machine.newTlbContext()).not.toBe(machine.newTlbContext())
  })
})

describe('MachineError', () => {
  it('says what was found, what was expected and what helps', () => {
    const error = new MachineError('INVARIANT', { found: 'a', expected: 'b', remedy: 'c' })
    expect([error.message, error.name, error.code, error instanceof Error]).toEqual([
      'a; expected b; c',
      'MachineError',
      'INVARIANT',
      true,
    ])
    expect(notModelled('swap')).toMatchObject({ code: 'NOT_MODELLED', found: 'not modelled: swap' })
  })
})

it('bits are named in their order, and only those that are set', () => {
  expect(bitNames(0x255, FAULT_FLAG_NAMES)).toEqual([
    'WRITE',
    'ALLOW_RETRY',
    'KILLABLE',
    'USER',
    'INTERRUPTIBLE',
  ])
  expect(bitNames(0x104, VM_FAULT_NAMES)).toEqual(['MAJOR', 'NOPAGE'])
  expect(bitNames(0, VM_FAULT_NAMES)).toEqual([])
  for (const names of [FAULT_FLAG_NAMES, VM_FAULT_NAMES]) {
    const bits = names.map(([bit]) => bit)
    expect(bits).toEqual(bits.toSorted((a, b) => a - b))
    expect(new Set(names.map(([, name]) => name)).size).toBe(names.length)
  }
})

it('a mapping copies on write if it is private and may be written', () => {
  const kinds = [0, VM_MAYWRITE, VM_SHARED, VM_SHARED | VM_MAYWRITE]
  expect(kinds.map(isCowMapping)).toEqual([false, true, false, false])
})

it('a kernel profile is data that nobody changes', () => {
  expect(kernelNames[0]).toBe(kernel61.name)
  for (const name of kernelNames) {
    expect(kernelByName(name).name).toBe(name)
    expect(Object.isFrozen(kernelByName(name))).toBe(true)
  }
})

it('a kernel that is not built is refused by name', () => {
  expect(() => kernelByName('2.4')).toThrowError(
    expect.objectContaining({ code: 'BAD_CONFIGURATION', found: 'the kernel 2.4' }),
  )
})
