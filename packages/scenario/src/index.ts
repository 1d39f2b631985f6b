/**
 * The scenario language, its runner, observations, and comparing them with recorded kernels.
 * @module
 */

export type { Agreement, Difference, FieldDifference, ScenarioComparison } from './compare.ts'
export { compareObservations, differencesAt, summarizeComparisons } from './compare.ts'
export type { Costs } from './costs.ts'
export { costsOf, NO_COSTS, sumCosts } from './costs.ts'
export { executionOrder } from './execution-order.ts'
export type { FinalFile, FinalProcess, FinalState } from './final-state.ts'
export { finalStateOf } from './final-state.ts'
export { formatAssertion, formatOperation } from './format.ts'
export { type GenerateOptions, generateScenario } from './generate.ts'
export { Random } from './generate-random.ts'
export { nearestWord } from './nearest.ts'
export type {
  EventObservation,
  EventValue,
  FaultObservation,
  FileObservation,
  Observation,
  OperationObservation,
  OperationResult,
  PteObservation,
  VmaObservation,
} from './observation.ts'
export { parseObservation, stringifyObservation } from './observation-json.ts'
export { parseScenario } from './parse.ts'
export { type RunOptions, type RunResult, runScenario } from './run.ts'
export { fileSystemNames } from './runner/file-systems.ts'
export { InvariantViolation } from './runner/invariants-error.ts'
export type { Complaint, ScenarioErrorCode } from './scenario-error.ts'
export { ObservationError, ScenarioError, ScenarioSyntaxError } from './scenario-error.ts'
export { shrinkScenario } from './shrink.ts'
export {
  type StagedAssertion,
  type StagedBranch,
  type StagedOperation,
  type StagedScenario,
  type StageOptions,
  stageScenario,
} from './stage.ts'
export type {
  AccessMode,
  Advice,
  Assertion,
  AssertionWords,
  Branch,
  EntryState,
  LeafState,
  MapKind,
  Operation,
  OperationCommon,
  OperationName,
  OperationOf,
  OperationWords,
  ParallelWords,
  RemapMode,
  Scenario,
  SingleOperation,
  SingleWords,
  SyncMode,
} from './syntax.ts'
export { PROT_EXEC, PROT_READ, PROT_WRITE } from './syntax.ts'
export type { Tier, TierCounts } from './tier.ts'
export { TIERS } from './tier.ts'
export { readTrap, type Trap } from './trap.ts'
export type { ValueDifference } from './value-differences.ts'
export { valueDifferences } from './value-differences.ts'
