import { explore } from '@mm-model/check'
import { TLB_DIRTY, TLB_WRITE } from '@mm-model/core'
import { daxToPfn, mountExt4, mountXfs, XaState } from '@mm-model/dax'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Execution, RAN, WAITS } from '../src/execution.ts'
import { finalState } from '../src/final-state.ts'
import { BASE, CALLS, type CallName, program, SETTINGS, type Setting, type Shape } from './programs.ts'

/** Runs the threads one after the other; what happened, and what they came to. */
function oneAfterTheOther(shape: Shape, answersLater: boolean): string {
  const execution = new Execution(program(shape))
  const { machine, threads } = execution.instance
  if (!answersLater) machine.shootdowns = null
  const events: string[] = []
  machine.trace = (name, t, a, b, c) => {
    events.push(`${t.id} ${name} ${a} ${b} ${c}`)
  }
  let asked = 0
  for (let i = 0; i < threads.length; i++) {
    while ((execution.done & (1 << i)) === 0) {
      const result = execution.step(i)
      if (result === WAITS) return `thread ${i} waits`
      if (result !== RAN) return String(execution.error)
      for (let cpu = threads.length; cpu < execution.size; cpu++) while (execution.step(cpu) === RAN) asked++
    }
  }
  if (!answersLater) expect(asked).toBe(0)
  return [finalState(execution), ...events].join('\n')
}

const call = fc.constantFrom(...(Object.keys(CALLS) as CallName[])).map((name) => [name, 0] as const)

describe('flushes that other CPUs answer', () => {
  it('at once leave everything as it is when all are flushed in one step', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(call, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 3 }),
        fc.array(fc.constantFrom(...(Object.keys(SETTINGS) as Setting[])), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(mountExt4, mountXfs),
        fc.boolean(),
        (threads, settings, mount, processes) => {
          const shape = { threads, settings, mount, processes }
          expect(oneAfterTheOther(shape, true)).toBe(oneAfterTheOther(shape, false))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('later let a store through what a CPU remembers go by the leaf, and keep fsync from going on to flush', () => {
    const execution = new Execution(
      program({ threads: [[['fsync', 0]], [['store', 0]]], settings: ['stored'] }),
    )
    const { machine, threads } = execution.instance
    const pfn = daxToPfn(new XaState(execution.instance.files![0]!.inode.entries).set(0, 0).load())
    machine.tlbs[1]!.fill(threads[1]!.task.mm.tlbContext, BASE, pfn, TLB_WRITE | TLB_DIRTY)
    const faults: string[] = []
    machine.trace = (name) => {
      if (name === 'page_fault_user') faults.push(name)
    }
    const asked = () => machine.shootdowns!.pending[1]!.length
    while (asked() === 0) expect(execution.step(0)).toBe(RAN)
    while ((execution.done & 2) === 0) expect(execution.step(1)).toBe(RAN)
    expect([faults, machine.memory.readByte(pfn, 0)]).toEqual([[], 32])
    while (execution.step(0) === RAN);
    expect(threads[0]!.task.waitsFor?.name).toBe('the answer of CPU 1 to a TLB flush')
    // The answer comes, and everything after it: the store is flushed like those before.
    const handler = threads.length + execution.handlers.findIndex(({ cpu }) => cpu === 1)
    expect([execution.step(handler), asked()]).toEqual([RAN, 0])
    while ((execution.done & 1) === 0) expect(execution.step(0)).toBe(RAN)
    expect(execution.answers).toEqual([['0'], ['0']])
  })

  it('never keep threads from coming to an end', () => {
    const shape: Shape = { threads: [[['munmap', 0]], [['munmap', 0]], [['load', 0]]], settings: ['stored'] }
    expect(explore(program(shape)).verdict).toBe('holds in all interleavings')
  })
})
