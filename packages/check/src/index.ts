/**
 * `@mm-model/check`: every interleaving of a few threads, and the shortest that breaks a rule.
 * @module
 */

export { assertionsOf } from './assertions.ts'
export { builtInRules, type Rule } from './built-in-rules.ts'
export { type Counterexample, formatCounterexample, type ScheduleStep } from './counterexample.ts'
export {
  type Checkpoint,
  type Counts,
  type Exploration,
  type ExploreOptions,
  explore,
  type Progress,
} from './explore.ts'
export type { CommittedFile, Happened, RunHistory, Sync } from './history.ts'
export { invariants, invariantsNamed, stateInvariants } from './invariants/all.ts'
export { joinExplorations, mergeExplorations } from './merge.ts'
export { type Trace, type TraceEvent, traceOf } from './perfetto.ts'
export type { Instance, Program, StateInvariant, Thread } from './program.ts'
export { type Replay, replay } from './replay.ts'
export { runsOf } from './run-lengths.ts'
export { programOf, type ScenarioInstance } from './scenario-program.ts'
export {
  digestOf,
  parseSchedule,
  type ScheduleFile,
  type ScheduleProfile,
  stringifySchedule,
} from './schedule-file.ts'
export type { Together, Wrong } from './search.ts'
export { type SharedMemory, sharedMemory } from './shared-memory.ts'
export { type ShrinkOptions, type ShrunkProgram, shrinkProgram } from './shrink-program.ts'
export { type Timeline, type TimelineLine, type TimelineStep, timelineOf } from './timeline.ts'
export { formatTimeline, type TimelineStyle } from './timeline-table.ts'
