import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Checkpoint, Counts, Exploration } from '@mm-model/check'
import { InputError, systemReason } from '../input-error.ts'
import type { SearchTask } from './search-task.ts'

const FORMAT = 'mm-model search'
const VERSION = 1

/** What is left of a part that has stopped, or what it came to. */
interface SavedPart {
  readonly checkpoint: Checkpoint | null
  /** Of a part that came to its end. */
  readonly counts: Counts | null
}

/** A search that was stopped. */
export interface StoppedSearch {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  /** {@link digestOfSearch}. */
  readonly search: string
  readonly shard: { readonly index: number; readonly count: number } | null
  readonly parts: readonly SavedPart[]
}

/** A number for the search: the scenario, what it runs on, the rules, the strategy, and into how many parts it is divided. */
export function digestOfSearch(task: SearchTask, strategy: string, parts: number): string {
  const { limits, ...rest } = task
  const { preemptions, random } = limits
  const what = JSON.stringify({ ...rest, preemptions, random, strategy, parts })
  return createHash('sha256').update(what).digest('hex').slice(0, 16)
}

/** @throws {InputError} for a path that cannot be written */
export function writeStopped(
  path: string,
  search: string,
  shard: StoppedSearch['shard'],
  found: readonly Exploration[],
): void {
  const parts = found.map(
    ({ checkpoint, executions, steps, redundant, matched, states, locks }): SavedPart => {
      const counts = { executions, steps, redundant, matched, states, locks }
      return checkpoint === null ? { checkpoint, counts } : { checkpoint, counts: null }
    },
  )
  const file: StoppedSearch = { format: FORMAT, version: VERSION, search, shard, parts }
  try {
    writeFileSync(path, `${JSON.stringify(file)}\n`)
  } catch (error) {
    throw new InputError(path, systemReason(error), 'run it where files can be written')
  }
}

/** @throws {InputError} for a file that is no stopped search, or another one */
export function readStopped(path: string, search: string, parts: number): StoppedSearch {
  const file = readJson(path, 'give --resume a file that a stopped mm-model check wrote') as StoppedSearch
  if (file?.format !== FORMAT || file.version !== VERSION || !Array.isArray(file.parts))
    throw new InputError(
      path,
      'is no stopped search',
      'give --resume a file that a stopped mm-model check wrote',
    )
  if (file.search !== search || file.parts.length !== parts)
    throw new InputError(
      path,
      'is of another search',
      'give the scenario unchanged, and the flags that it was begun with (--jobs and --shard, too)',
    )
  for (const part of file.parts) {
    if (!isSaved(part)) throw new InputError(path, 'is spoilt', 'search again from the beginning')
  }
  return file
}

function isSaved(part: SavedPart): boolean {
  if (part?.checkpoint === null) return part.counts !== null && typeof part.counts.steps === 'number'
  const checkpoint = part?.checkpoint
  return (
    isSavedSearch(checkpoint?.search) &&
    Number.isInteger(checkpoint?.part) &&
    Array.isArray(checkpoint?.counts?.locks)
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
