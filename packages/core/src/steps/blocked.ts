/**
 * What a stepped task does when it cannot go on: it says so and yields. The plain twin (`../plain/blocked.ts`) is
 * not derived: alone on the machine, waiting is for ever.
 * @module
 */

import { STEP_BLOCKED, type Step } from '../step.ts'
import type { Task } from '../task.ts'

/** The step to yield while `what` is in somebody else's hands. */
export function blocked(t: Task, what: { readonly name: string }): Step {
  t.waitsFor = what
  return STEP_BLOCKED
}
