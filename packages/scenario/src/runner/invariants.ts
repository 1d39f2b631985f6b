/**
 * Checking every invariant after every operation of a scenario.
 * @module
 */

import {
  coreCallInvariants,
  coreStateInvariants,
  errnoName,
  FaultLog,
  type MachineError,
  type Task,
  type Violation,
  violationsOf,
} from '@mm-model/core'
import {
  type DaxCall,
  type DaxSnapshot,
  type DaxTransition,
  daxCallBy,
  daxCallInvariants,
  daxStateInvariants,
  History,
  type SuperBlock,
  snapshotDax,
  wrongPages,
} from '@mm-model/dax'
import type { OperationResult } from '../observation.ts'
import type { Operation } from '../syntax.ts'
import { InvariantViolation } from './invariants-error.ts'
import { hex, type Places } from './names.ts'
import { ADVICE, MSYNC } from './operations.ts'
import type { Process } from './process.ts'

const TITLES: ReadonlyMap<string, string> = new Map(
  [...coreStateInvariants, ...coreCallInvariants, ...daxStateInvariants, ...daxCallInvariants].map(
    ({ id, title }) => [id, title],
  ),
)

/** Errors of the machine itself that are a broken rule; where the text names none, this one. */
const RULE_OF_ERROR: Readonly<Partial<Record<MachineError['code'], string>>> = {
  INVARIANT: 'I4',
  LOCK_NOT_HELD: 'I44',
  NO_PROGRESS: 'I43',
}

/** Watches one run: {@link begin} before and {@link end} after each operation. */
export class InvariantMonitor {
  readonly #sb: SuperBlock
  readonly #places: Places
  readonly #history: History
  #before: DaxSnapshot
  #faults: FaultLog = new FaultLog()
  #last: { readonly operation: Operation; readonly transition: DaxTransition } | null = null
  /** Where the mapping that the operation names lay before it. */
  #address = 0

  constructor(sb: SuperBlock, places: Places) {
    this.#sb = sb
    this.#places = places
    this.#before = snapshotDax(sb)
    this.#history = new History(this.#before)
    const { trace } = sb.machine
    sb.machine.trace = (name, t, a, b, c) => {
      trace?.(name, t, a, b, c)
      this.#faults.sink(name, t, a, b, c)
    }
  }

  begin(operation: Operation, process: Process): void {
    this.#faults = new FaultLog()
    this.#address = 'map' in operation ? (process.mappings.get(operation.map)?.address ?? 0) : 0
  }

  /**
   * Checks what the operation left.
   * @throws InvariantViolation
   */
  end(operation: Operation, process: Process, result: OperationResult, child: Task | null): void {
    const before = this.#before
    const after = snapshotDax(this.#sb)
    this.#before = after
    const call = callOf(operation, process, result, this.#address, child)
    this.#history.advance(before, after, call)
    const transition = { before, after, call, faults: this.#faults, history: this.#history }
    const memory = { before: before.memory, after: after.memory, call, faults: this.#faults }
    this.#last = { operation, transition }
    this.#report(operation, [
      ...violationsOf(coreStateInvariants, after.memory),
      ...violationsOf(coreCallInvariants, memory),
      ...violationsOf(daxStateInvariants, after),
      ...violationsOf(daxCallInvariants, transition),
    ])
  }

  /** The recording program did something of its own, which is no operation. */
  resume(): void {
    this.#before = snapshotDax(this.#sb)
  }

  /**
   * At the end of a run: compares every byte of every file.
   * @throws InvariantViolation
   */
  finish(): void {
    if (this.#last !== null) this.#report(this.#last.operation, wrongPages(this.#last.transition))
  }

  /** What an error of the machine means to somebody who asked for invariants; null when it is no broken rule. */
  violationOf(operation: Operation, error: MachineError): InvariantViolation | null {
    const rule = RULE_OF_ERROR[error.code]
    if (rule === undefined) return null
    const invariant = /\((I\d+)\b/.exec(`${error.expected} ${error.found}`)?.[1] ?? rule
    const { found, expected } = error
    const violation = { invariant, where: 'the middle of the operation', address: null, found, expected }
    return new InvariantViolation([violation], TITLES.get(invariant) ?? '', operation)
  }

  /** What the kernel itself does not hold is no defect of the model. */
  #report(operation: Operation, all: readonly Violation[]): void {
    const { unheldInvariants } = this.#sb.machine.kernel
    const violations = all.filter(
      ({ invariant }) => unheldInvariants[invariant] === undefined && !this.#history.heldNoMore(invariant),
    )
    if (violations.length === 0) return
    const named = violations.map((violation) => this.#named(violation))
    throw new InvariantViolation(named, TITLES.get(named[0]!.invariant) ?? '', operation)
  }

  /** With mappings by their names. */
  #named(violation: Violation): Violation {
    const { address, where } = violation
    if (address === null || !this.#places.isKnown(address)) return violation
    return { ...violation, where: where.replace(hex(address), this.#places.name(address)) }
  }
}

/** The call that an operation made, for the checks. */
function callOf(
  operation: Operation,
  process: Process,
  result: OperationResult,
  address: number,
  child: Task | null,
): DaxCall {
  const { task } = process
  if ('skipped' in result) return daxCallBy(task, 'sleep')
  const signal = 'signal' in result ? task.signal : null
  const ret = 'ret' in result ? result.ret : 'errno' in result ? -errnoOf(result.errno) : 0
  const members = { ret, signal, child, ...rangeOf(operation, address) }
  if (!('file' in operation) || operation.file === null || operation.op === 'mmap') {
    // To memory a write through /proc/self/mem is a store.
    return daxCallBy(task, operation.op === 'poke' && ret === 1 ? 'store' : operation.op, members)
  }
  const inode = process.files.get(operation.file)?.inode ?? null
  if (operation.op !== 'reflink') return daxCallBy(task, operation.op, { ...members, inode })
  const target = process.files.get(operation.to)?.inode ?? null
  return daxCallBy(task, operation.op, { ...members, inode: target, source: inode })
}

function rangeOf(operation: Operation, address: number): Partial<DaxCall> {
  switch (operation.op) {
    case 'create':
    case 'truncate':
      return { length: operation.size }
    case 'fill':
      return { offset: operation.offset, length: operation.length, byte: operation.byte }
    case 'pread':
      return { offset: operation.offset, length: 1 }
    case 'falloc':
    case 'punch':
      return { offset: operation.offset, length: operation.length }
    case 'load':
      return { address: address + operation.offset, length: 1 }
    case 'store':
    case 'poke':
      return { address: address + operation.offset, length: 1, byte: operation.byte }
    case 'munmap':
    case 'mlock':
      return { address: address + operation.offset, length: operation.length }
    case 'mprotect':
      return { address: address + operation.offset, length: operation.length, flags: operation.prot }
    case 'msync':
      return { address: address + operation.offset, length: operation.length, flags: MSYNC[operation.mode] }
    case 'madvise':
      return {
        address: address + operation.offset,
        length: operation.length,
        flags: ADVICE[operation.advice],
      }
    case 'mremap':
      return { address: address + operation.offset, length: operation.oldLength }
    default:
      return {}
  }
}

const MOST_ERRNO = 133

/** The number of an error by its name. */
function errnoOf(name: string): number {
  for (let errno = 1; errno <= MOST_ERRNO; errno++) if (errnoName(errno) === name) return errno
  return Number(name)
}
