import type { Exploration, Progress } from '@mm-model/check'
import type { SearchPart, SearchTask } from './search-task.ts'

/** What a worker is to do. */
export interface Assignment {
  readonly task: SearchTask
  readonly part: SearchPart
  /** Name of a strategy that is built in, or as the plugin was called. */
  readonly strategy: string
  /** File of the plugin, or null. */
  readonly plugin: string | null
  /** One 32-bit number: {@link ASKED_TO_STOP}, or 0. */
  readonly stop: SharedArrayBuffer
}

export const ASKED_TO_STOP = 1

/** What a worker says. */
export type Answer =
  | { readonly kind: 'progress'; readonly at: Progress }
  | { readonly kind: 'found'; readonly found: Exploration }
  | { readonly kind: 'failed'; readonly error: Error }
  /** The input cannot be searched. Errors lose their class on the way between threads. */
  | { readonly kind: 'refused'; readonly found: string; readonly expected: string; readonly remedy: string }
