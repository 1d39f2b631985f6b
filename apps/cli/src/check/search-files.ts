import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Checkpoint } from '@mm-model/check'
import { InputError, systemReason } from '../input-error.ts'
import type { SearchTask } from './search-task.ts'

const FORMAT = 'mm-model search'
const VERSION = 2

/** A search that was stopped. */
export interface StoppedSearch {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  /** {@link digestOfSearch}. */
  readonly search: string
  readonly shard: { readonly index: number; readonly count: number } | null
  readonly checkpoint: Checkpoint
}

/** A number for the search: the scenario, what it runs on, the rules, the strategy, and into how many shards it is divided. */
export function digestOfSearch(task: SearchTask, strategy: string, shards: number): string {
  const { limits, ...rest } = task
  const { preemptions, random } = limits
  const what = JSON.stringify({ ...rest, preemptions, random, strategy, shards })
  return createHash('sha256').update(what).digest('hex').slice(0, 16)
}

/** @throws {InputError} for a path that cannot be written */
export function writeStopped(
  path: string,
  search: string,
  shard: StoppedSearch['shard'],
  checkpoint: Checkpoint,
): void {
  const file: StoppedSearch = { format: FORMAT, version: VERSION, search, shard, checkpoint }
  try {
    writeFileSync(path, `${JSON.stringify(file)}\n`)
  } catch (error) {
    throw new InputError(path, systemReason(error), 'run it where files can be written')
  }
}

/** @throws {InputError} for a file that is no stopped search, or another one */
export function readStopped(path: string, search: string, shard: StoppedSearch['shard']): Checkpoint {
  const remedy = 'give --resume a file that a stopped mm-model check wrote'
  const file = readJson(path, remedy) as StoppedSearch
  if (file?.format !== FORMAT || file.version !== VERSION)
    throw new InputError(path, 'is no stopped search', remedy)
  if (file.search !== search || file.shard?.index !== shard?.index)
    throw new InputError(
      path,
      'is of another search',
      'give the scenario unchanged, and the flags that it was begun with (--shard, too; --jobs may differ)',
    )
  if (!isCheckpoint(file.checkpoint))
    throw new InputError(path, 'is spoilt', 'search again from the beginning')
  return file.checkpoint
}

function isCheckpoint(checkpoint: Checkpoint | undefined): boolean {
  const counts = checkpoint?.counts
  const numbers = [checkpoint?.part, counts?.executions, counts?.steps, counts?.redundant, counts?.matched]
  return (
    numbers.every((number) => Number.isInteger(number)) &&
    Array.isArray(counts?.locks) &&
    isSavedSearch(checkpoint?.search)
  )
}

function isSavedSearch(search: Checkpoint['search'] | undefined): boolean {
  if (search === null) return true
  const numbers = ['thread', 'backtrack', 'explored', 'waiting', 'sleep'] as const
  return (
    Array.isArray(search?.levels) &&
    search.levels.every((level) => numbers.every((name) => Number.isInteger(level?.[name]))) &&
    Number.isInteger(search.base)
  )
}

/** @throws {InputError} for a file that is not there or no JSON */
export function readJson(path: string, remedy: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'is no JSON' : systemReason(error)
    throw new InputError(path, reason, remedy)
  }
}
