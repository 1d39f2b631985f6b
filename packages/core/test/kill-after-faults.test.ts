import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, Machine, SIGNAL_KILL } from '@mm-model/core'
import { load, mmap, store } from '@mm-model/core/plain'
import { describe, expect, it } from 'vitest'
import { retry } from './strategies.ts'

const ADDRESS = 0x600000000000

function machineWith(killAfterFaults: number) {
  const machine = new Machine({ strategy: retry, pmemPages: 16, ramPages: 64 })
  machine.killAfterFaults = killAfterFaults
  const task = machine.createTask()
  mmap(task, {
    address: ADDRESS,
    length: 4096,
    prot: 3,
    flags: MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS,
    file: null,
    offset: 0,
  })
  return task
}

describe('a task that is killed after so many faults for one access', () => {
  it('is not as long as it takes fewer', () => {
    const task = machineWith(2)
    expect([load(task, ADDRESS), task.signal]).toEqual([0, null])
    expect([store(task, ADDRESS, 7), task.signal]).toEqual([0, null])
  })

  it('is before it tries again', () => {
    const task = machineWith(1)
    store(task, ADDRESS, 7)
    expect(task.signal).toBe(SIGNAL_KILL)
  })
})
