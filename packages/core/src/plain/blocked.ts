/**
 * Written by hand, unlike the rest of `plain/`: a plain run has no other task that could release anything.
 * @module
 */

import { MachineError } from '../errors.ts'
import type { Step } from '../step.ts'
import type { Task } from '../task.ts'

/** @throws MachineError DEADLOCK */
export function blocked(_t: Task, what: { readonly name: string }): Step {
  throw new MachineError('DEADLOCK', {
    found: `a task that waits for ${what.name}, which nobody will release`,
    expected: 'that a plain run never has to wait',
    remedy: 'release it first (thaw a frozen file system), or run stepped with the task that releases it',
  })
}
