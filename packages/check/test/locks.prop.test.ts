import {
  kernel61,
  kernel612,
  PTL_FREE,
  type RwSem,
  TOUCH_ACQUIRE,
  TOUCH_ACQUIRE_SHARED,
  TOUCH_ENTRY_LOCK,
  TOUCH_FREEZE,
  TOUCH_LOCK,
  TOUCH_RELEASE,
  TOUCH_RELEASE_SHARED,
  TOUCH_TABLE_LOCK,
} from '@mm-model/core'
import { daxIsLocked, mountExt4, mountXfs, XaState } from '@mm-model/dax'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Execution, RAN, WAITS } from '../src/execution.ts'
import type { Instance } from '../src/program.ts'
import { CALLS, type CallName, program, SETTINGS, type Setting } from './programs.ts'

/*
 * The order of locks is looked at in what steps touch. So what was acquired there and not released is, after every step, what
 * is locked.
 */

/** What is locked, as text: how many have it with others, and alone. */
function locked({ machine, files = [] }: Instance): string[] {
  const sems = new Set<RwSem>()
  for (const { mm } of machine.tasks) {
    sems.add(mm.mmapLock)
    for (const { vmLock } of mm.areas) if (vmLock !== null) sems.add(vmLock)
  }
  for (const { inode } of files) {
    sems.add(inode.rwsem).add(inode.mapping.iMmapRwsem).add(inode.mapping.invalidateLock)
  }
  const lines: string[] = []
  for (const { name, readers, writer } of sems) {
    if (readers > 0) lines.push(`${name}: ${readers} with others`)
    if (writer !== null) lines.push(`${name}: alone`)
  }
  machine.pageTables.ptl.forEach((owner, table) => {
    if (owner !== PTL_FREE) lines.push(`table ${table}: alone`)
  })
  for (const { inode } of files) {
    inode.sb.writers.forEach((tasks, level) => {
      if (tasks > 0) lines.push(`freeze level ${level}: ${tasks} with others`)
    })
    const xas = new XaState(inode.entries)
    for (
      let entry = xas.set(0, 0).find(2 ** 40);
      entry !== 0;
      entry = xas.set(xas.index + 1, 0).find(2 ** 40)
    )
      if (daxIsLocked(entry)) lines.push(`entry ${inode.name} ${xas.index}: alone`)
  }
  return lines.toSorted()
}

/** The same from touches. */
class Told {
  readonly #shared: Map<string, number> = new Map()
  readonly #alone: Set<string> = new Set()
  #step: [name: string, how: number][] = []

  readonly sink = (kind: number, id: number | string, how: number): void => {
    if (kind === TOUCH_LOCK) this.#step.push([String(id), how])
    else if (kind === TOUCH_TABLE_LOCK) this.#step.push([`table ${id}`, how])
    // Who freezes waits for a level to be left, and does not keep it.
    else if (kind === TOUCH_FREEZE && how !== TOUCH_ACQUIRE) this.#step.push([`freeze level ${id}`, how])
    // An entry that is waited for is left alone.
    else if (kind === TOUCH_ENTRY_LOCK && how !== TOUCH_ACQUIRE_SHARED)
      this.#step.push([`entry ${String(id).replace(/ from page (\d+), \d+$/, ' $1')}`, how])
  }

  /** The step is over; it waits, and has taken nothing, or has run. */
  end(ran: boolean): void {
    for (const [name, how] of ran ? this.#step : []) {
      const shared = this.#shared.get(name) ?? 0
      if (how === TOUCH_ACQUIRE_SHARED) this.#shared.set(name, shared + 1)
      else if (how === TOUCH_RELEASE_SHARED) this.#shared.set(name, shared - 1)
      else if (how === TOUCH_ACQUIRE) this.#alone.add(name)
      else if (how === TOUCH_RELEASE) this.#alone.delete(name)
    }
    this.#step = []
  }

  /** Without the locks of areas that are gone. */
  lines(exists: (name: string) => boolean): string[] {
    const lines = [...this.#alone].map((name) => `${name}: alone`)
    for (const [name, count] of this.#shared) if (count !== 0) lines.push(`${name}: ${count} with others`)
    return lines.filter((line) => exists(line)).toSorted()
  }
}

const call = fc.constantFrom(...(Object.keys(CALLS) as CallName[])).map((name) => [name, 0] as const)

it('what steps say that they lock is what is locked', { timeout: 300_000 }, () => {
  let looked = 0
  fc.assert(
    fc.property(
      fc.array(fc.array(call, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 }),
      fc.constantFrom(...(Object.keys(SETTINGS) as Setting[])),
      fc.constantFrom(mountExt4, mountXfs),
      fc.constantFrom(kernel61, kernel612),
      fc.boolean(),
      fc.array(fc.nat(8), { minLength: 200, maxLength: 200 }),
      (threads, setting, mount, kernel, processes, turns) => {
        const execution = new Execution(program({ threads, settings: [setting], mount, kernel, processes }))
        const { machine } = execution.instance
        const told = new Told()
        machine.touched = told.sink
        for (const turn of turns) {
          const i = turn % execution.size
          if ((execution.done & (1 << i)) !== 0) continue
          const result = execution.step(i)
          if (result !== RAN && result !== WAITS) return
          told.end(result === RAN)
          const areas = new Set(
            machine.tasks.flatMap(({ mm }) => [...mm.areas].map(({ vmLock }) => vmLock?.name)),
          )
          const isGone = (line: string): boolean =>
            line.includes('.vm_lock') && !areas.has(line.split(':')[0])
          expect(told.lines((line) => !isGone(line))).toEqual(locked(execution.instance))
          looked++
        }
      },
    ),
    { numRuns: 150 },
  )
  expect(looked).toBeGreaterThan(5_000)
})
