/**
 * What is simpler than an operation: the same with one of its words smaller.
 * @module
 */

import type { Operation, OperationWords } from './syntax.ts'

const PAGE = 4096

/** The operation with one number smaller, one flag off, or by the first process; the simplest first. */
export function simplerOperations(
  operation: OperationWords & Pick<Operation, 'child'>,
): (OperationWords & Pick<Operation, 'child'>)[] {
  const simpler: (OperationWords & Pick<Operation, 'child'>)[] = []
  if (operation.child !== null) simpler.push({ ...operation, child: null })
  for (const [word, value] of Object.entries(operation)) {
    if (word === 'line' || word === 'prot') continue
    if (value === true) simpler.push({ ...operation, [word]: false })
    if (typeof value !== 'number') continue
    for (const smaller of simplerNumbers(value)) simpler.push({ ...operation, [word]: smaller })
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
