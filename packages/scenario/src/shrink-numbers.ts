/**
 * What is simpler than an operation: the same with one of its words smaller.
 * @module
 */

import type { Branch, Operation, OperationWords, ParallelWords, SingleOperation } from './syntax.ts'

const PAGE = 4096

/** An operation without its place and its text. */
type Words = OperationWords & Pick<Operation, 'who'>

/**
 * The operation with one number smaller, one flag off, or by the first process; of a parallel line, without one of its branches
 * or operations, or with one of them simpler. The simplest first.
 */
export function simplerOperations(operation: Words): Words[] {
  if (operation.op === 'parallel') {
    return simplerBranches(operation.branches).map((branches) => ({ ...operation, branches }))
  }
  const simpler: Words[] = []
  if (operation.who !== null) simpler.push({ ...operation, who: null })
  for (const [word, value] of Object.entries(operation)) {
    if (word === 'line' || word === 'prot') continue
    if (value === true) simpler.push({ ...operation, [word]: false })
    if (typeof value !== 'number') continue
    for (const smaller of simplerNumbers(value)) simpler.push({ ...operation, [word]: smaller })
  }
  return simpler
}

function simplerBranches(branches: ParallelWords['branches']): (readonly Branch[])[] {
  const simpler: (readonly Branch[])[] = []
  if (branches.length > 1) for (const i of branches.keys()) simpler.push(branches.toSpliced(i, 1))
  for (const [i, branch] of branches.entries()) {
    const { who, ops } = branch
    const others = new Set(branches.map((other) => other.who))
    if (ops.length > 1)
      for (const j of ops.keys()) simpler.push(branches.with(i, { who, ops: ops.toSpliced(j, 1) }))
    if (!others.has(null)) simpler.push(branches.with(i, { who: null, ops }))
    for (const [j, operation] of ops.entries()) {
      // Who executes it, the branch says.
      for (const words of simplerOperations({ ...operation, who: null })) {
        simpler.push(branches.with(i, { who, ops: ops.with(j, words as SingleOperation) }))
      }
    }
  }
  return simpler
}

/** Numbers to try in place of one: nothing, one, a page, half, one page less, the same without its odd bytes. */
export function simplerNumbers(value: number): number[] {
  const whole = Math.floor(value / PAGE) * PAGE
  const half = Math.floor(value / 2 / PAGE) * PAGE
  const tries = [0, 1, PAGE, half, whole, whole - PAGE]
  return [...new Set(tries)].filter((smaller) => smaller >= 0 && smaller < value)
}
