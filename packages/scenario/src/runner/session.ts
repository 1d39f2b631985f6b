/**
 * A scenario on a machine: who executes its operations, and on which CPU.
 * @module
 */

import type { Steps } from '@mm-model/core'
import type { DaxFile, SuperBlock } from '@mm-model/dax'
import type { OperationResult } from '../observation.ts'
import type { OperationOf, Scenario, SingleOperation } from '../syntax.ts'
import type { SteppedCalls } from './calls.ts'
import type { Places } from './names.ts'
import { execute, type Surroundings } from './operations.ts'
import type { Process } from './process.ts'

/** A branch of a parallel line, ready to run. */
export interface StagedBranch {
  readonly process: Process
  readonly ops: readonly SingleOperation[]
}

export class Session {
  /** Files that were created. */
  readonly files: DaxFile[] = []
  readonly #processes: Map<string | null, Process>
  readonly #around: Omit<Surroundings, 'calls'>
  #lastAround: Surroundings | null = null

  /** `places`, if any, hears of mappings. */
  constructor(first: Process, sb: SuperBlock, cpus: ReadonlyMap<string, number>, places: Places | null) {
    this.#processes = new Map([[null, first]])
    this.#around = {
      sb,
      cpuOf: (name) => cpus.get(name) ?? 0,
      created: (file) => this.files.push(file),
      made: (name, process) => this.#processes.set(name, process),
      mapped: (name, address, length) => places?.add(name, address, length),
      resized: (name, length) => places?.grow(name, length),
    }
  }

  /** The process of that name; one that a branch makes is there when it is made. */
  processOf(who: string | null): Process {
    const process = this.#processes.get(who)
    if (process === undefined) throw new Error(`no process ${who}: the parser lets no such scenario through`)
    return process
  }

  has(who: string | null): boolean {
    return this.#processes.has(who)
  }

  execute(operation: SingleOperation, process: Process, calls: SteppedCalls): Steps<OperationResult> {
    // Nearly always the same as the time before.
    if (this.#lastAround?.calls !== calls) this.#lastAround = { ...this.#around, calls }
    return execute(operation, process, this.#lastAround)
  }

  /** Begins a parallel line; {@link join} ends it. */
  begin({ branches }: OperationOf<'parallel'>): readonly StagedBranch[] {
    return branches.map(({ who, ops }) => {
      const slots = ops.filter(({ op }) => op === 'mmap').length
      const moves = ops.filter((operation) => operation.op === 'mremap' && operation.mode === 'move').length
      return { process: this.processOf(who).branch(slots, moves), ops }
    })
  }

  join({ branches }: OperationOf<'parallel'>, staged: readonly StagedBranch[]): void {
    for (const [i, { who }] of branches.entries()) this.processOf(who).join(staged[i]!.process)
  }
}

/**
 * The CPUs of threads, and of children that have a branch: one each, from 1 on. Everybody else runs on CPU 0.
 */
export function cpusOf({ ops }: Scenario): ReadonlyMap<string, number> {
  const cpus = new Map<string, number>()
  const take = (name: string | null): void => {
    if (name !== null && !cpus.has(name)) cpus.set(name, cpus.size + 1)
  }
  for (const operation of ops) {
    if (operation.op === 'thread') take(operation.threadName)
    if (operation.op === 'parallel') for (const { who } of operation.branches) take(who)
  }
  return cpus
}
