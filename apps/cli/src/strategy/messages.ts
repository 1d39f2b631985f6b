/**
 * What the process that a plugin is tested in says to the one that watches it: a line each, on a pipe of its own.
 * @module
 */

import { writeSync } from 'node:fs'
import type { CheckReport } from '@mm-model/conformance'
import type { WriteFaultStrategy } from '@mm-model/core'
import type { FailureParts } from './failure.ts'

/** The pipe's number in the tested process; 0, 1 and 2 are the standard ones. */
export const PIPE: number = 3

/** What a strategy says of itself. */
export type Described = Pick<WriteFaultStrategy, 'name' | 'apiVersion' | 'capabilities'>

/** What is to be tested, and how. */
export interface Assignment {
  /** What the user wrote. */
  readonly spec: string
  /** The module, or `null` for a strategy that is built, of that name. */
  readonly file: string | null
  readonly exported: string | null
  /** Words of the combinations to run; all without any. */
  readonly only: readonly string[]
}

export type Message =
  /** The module is loaded, and its strategy is one. */
  | { readonly kind: 'loaded'; readonly strategy: Described }
  /** The combination of that number begins. */
  | { readonly kind: 'combination'; readonly number: number }
  /** A hook is asked, and, with `null`, has answered. */
  | { readonly kind: 'hook'; readonly hook: string | null }
  /** The kit came to its end. */
  | { readonly kind: 'report'; readonly combinations: number; readonly checks: readonly CheckReport[] }
  /** The plugin cannot be used. */
  | { readonly kind: 'input'; readonly place: string; readonly complaint: string; readonly remedy: string }
  /** The plugin did something that ends the test. */
  | { readonly kind: 'failure'; readonly where: string; readonly parts: FailureParts }

// A plugin may replace it.
const { stringify } = JSON

/**
 * Writes a message at once: whatever the plugin does next, the message has left this process. It is called around every
 * hook, so the two messages about hooks and combinations are short: `+install`, `-`, `17`; the others are JSON.
 */
export function send(message: Message): void {
  const bytes = Buffer.from(`${encode(message)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(PIPE, bytes, at)
}

function encode(message: Message): string {
  if (message.kind === 'hook') return message.hook === null ? '-' : `+${message.hook}`
  return message.kind === 'combination' ? String(message.number) : stringify(message)
}

/** Reads what {@link send} wrote, without the newline; `null` for what only the plugin can have written. */
export function decode(line: string): Message | null {
  if (line.startsWith('+')) return { kind: 'hook', hook: line.slice(1) }
  if (line === '-') return { kind: 'hook', hook: null }
  if (/^\d+$/.test(line)) return { kind: 'combination', number: Number(line) }
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
