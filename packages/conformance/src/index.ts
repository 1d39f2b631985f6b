/**
 * `@mm-model/conformance`: the kit that any write-fault strategy runs in its own tests. Its gallery of wrong strategies is in
 * `@mm-model/conformance/gallery`.
 * @module
 */

export { CHECKS, type Check, type CheckId, type Finding } from './check.ts'
export {
  ACCESSES,
  AREAS,
  AROUNDS,
  BLOCKS,
  type Combination,
  combinations,
  fileSystemOf,
  hasReflink,
  type KitMachine,
  MACHINES,
  machineName,
  nameOf,
  PROTS,
  SIZES,
} from './combination.ts'
export { ConformanceError, type ConformOptions, conform } from './conform.ts'
export { type Outcome, outcomeOf } from './outcome.ts'
export { type Program, programOf } from './program.ts'
export { REFERENCE } from './reference.ts'
export {
  type CheckReport,
  type ConformanceOptions,
  type ConformanceReport,
  conformance,
  outcomes,
} from './report.ts'
export { type Care, References } from './run.ts'
