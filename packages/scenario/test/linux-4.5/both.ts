/**
 * The same on 6.1 and on 4.5, each with the strategy that the kernel itself follows: a scenario, or a few calls on a
 * machine that a test looks into.
 */

import { kernelByName, Machine, type Task, type WriteFaultStrategy } from '@mm-model/core'
import * as corePlain from '@mm-model/core/plain'
import * as coreSteps from '@mm-model/core/steps'
import { type DaxFile, mountExt4, PAGECACHE_TAG_DIRTY, type SuperBlock, XaState } from '@mm-model/dax'
import * as daxPlain from '@mm-model/dax/plain'
import * as daxSteps from '@mm-model/dax/steps'
import { type OperationObservation, parseScenario, runScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'

/** One difference of the document, and what shows it. */
export interface Difference {
  readonly name: string
  readonly shows: () => void
}

export const KERNELS = ['6.1', '4.5'] as const
export type Kernel = (typeof KERNELS)[number]

/** What each kernel itself does. */
function ownStrategy(kernel: Kernel): WriteFaultStrategy {
  const { strategy } = kernelByName(kernel)
  return [mkwrite, retry].find(({ name }) => name === strategy)!
}

/** The last operation of a scenario on one kernel. */
export function last(
  kernel: Kernel,
  lines: readonly string[],
  strategy = ownStrategy(kernel),
): OperationObservation {
  const scenario = parseScenario(lines.join('\n'), { name: 'difference' })
  return runScenario(scenario, { kernel, fs: 'ext4', strategy }).observation.ops.at(-1)!
}

/** The last operation of the same scenario on both. */
export function both(...lines: string[]): Record<Kernel, OperationObservation> {
  return { '6.1': last('6.1', lines), '4.5': last('4.5', lines) }
}

/** Names of all events of an operation, those of faults first. */
export function events(o: OperationObservation): string[] {
  return [...o.faults.flatMap((fault) => fault.events), ...o.events].map(({ name }) => name)
}

export function countOf(o: OperationObservation, name: string): number {
  return events(o).filter((event) => event === name).length
}

/** Error codes of the traps of an operation. */
export function traps(o: OperationObservation): (string | null)[] {
  return o.faults.map(({ error }) => error)
}

/** `m+0x0 0x8400000000000a67 pmem#0`, one for each entry. */
export function entries(o: OperationObservation): string[] {
  return o.ptes.map(({ at, flags, frame }) => `${at} ${flags} ${frame}`)
}

/** The result of an operation in a word. */
export function result(o: OperationObservation): string {
  const { result: told } = o
  if ('errno' in told) return told.errno
  if ('signal' in told) return told.signal
  return 'notModelled' in told ? 'not modelled' : 'ret' in told ? String(told.ret) : 'skipped'
}

const PAGE = 4096
export const MIB2 = 0x200000
export const plain: typeof corePlain & typeof daxPlain = { ...corePlain, ...daxPlain }
export const steps: typeof coreSteps & typeof daxSteps = { ...coreSteps, ...daxSteps }

/** A machine with a file system, a task and one file of `pages` pages, all of them a hole. */
export interface World {
  readonly machine: Machine
  readonly sb: SuperBlock
  readonly task: Task
  readonly file: DaxFile
}

export function world(kernel: Kernel, pages = 16, strategy = ownStrategy(kernel)): World {
  const machine = new Machine({ strategy, kernel: kernelByName(kernel), ramPages: 16384 })
  const sb = mountExt4(machine)
  const task = machine.createTask()
  const file = plain.openCreate(task, sb, 'a')
  plain.ftruncate(task, file, pages * PAGE)
  return { machine, sb, task, file }
}

/** Where mapping `n` lies: a GiB each. */
export const slot = (n: number): number => 0x600000000000 + n * 0x40000000

/** Maps the whole file at slot `n`. */
export function map({ task, file }: World, n = 0, kind: 'shared' | 'private' = 'shared'): number {
  const flags = 0x10 | (kind === 'shared' ? 1 : 2)
  const { size } = file.inode
  return plain.mmap(task, { address: slot(n), length: size, prot: 3, flags, file, offset: 0 })
}

/** What the array of the file holds for a page, in words, with `D` where it is dirty; `none`. */
export function entryOf({ file, sb }: World, page: number): string {
  const xas = new XaState(file.inode.entries).set(page, 0)
  const value = xas.load()
  if (value === 0) return 'none'
  return `${sb.entryFormat.decode(value).text}${xas.getMark(PAGECACHE_TAG_DIRTY) ? ' D' : ''}`
}
