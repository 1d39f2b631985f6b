/** Makes recordings of the agent's log: one observation for each scenario that ran to its end. */
import type { Observation, OperationObservation, OperationResult } from '@mm-model/scenario'
import { observeTrace } from './faults.ts'
import { Frames, flagsOf, frameOf } from './frames.ts'
import { errnoName, signalNames } from './kernel-names.ts'
import { hex, Places } from './places.ts'
import { type RawOperation, type RawScenario, readRawLog } from './raw-log.ts'

/**
 * The scenario that each run begins with: the page that it reads is the zero page, whose frame is recognised from then
 * on. It has no recording.
 */
export const ZERO_SCENARIO: string = '000-zero'
export const ZERO_TEXT: string = 'mmap z anon 0 4096 r private\nload z 0\n'

export interface ObserveOptions {
  /** What recordings say under `kernel` and `fs`. */
  readonly kernel: string
  readonly fs: string
  /** What the log is called in messages. */
  readonly place: string
}

export interface Observed {
  readonly observations: readonly Observation[]
  readonly levels: number
  /** Scenarios that have no recording, each with the reason. */
  readonly failures: readonly { readonly scenario: string; readonly reason: string }[]
}

/** @throws {CaptureError} CAPTURE_BAD_LOG, CAPTURE_INCOMPLETE_LOG */
export function observe(log: string, { kernel, fs, place }: ObserveOptions): Observed {
  const { scenarios, levels, complaints } = readRawLog(log, place)
  const failures = [
    ...complaints.map(({ scenario, text }) => ({ scenario, reason: text })),
    ...scenarios.flatMap(({ name, died }) => (died === null ? [] : [{ scenario: name, reason: died }])),
  ]
  // What the agent complained of may be all over a scenario: it is not observed at all.
  const bad = new Set(failures.map(({ scenario }) => scenario))
  const zero = zeroFrame(scenarios)
  const observations = scenarios
    .filter(({ name }) => name !== ZERO_SCENARIO && !bad.has(name))
    .map((scenario) => ({ scenario: scenario.name, kernel, fs, ops: observeScenario(scenario, zero, place) }))
  return { observations, levels, failures }
}

function zeroFrame(scenarios: readonly RawScenario[]): bigint | null {
  const entry = scenarios.find(({ name }) => name === ZERO_SCENARIO)?.ops.at(-1)?.entries[0]
  return entry === undefined ? null : frameOf(entry.value)
}

function observeScenario(
  { ops }: RawScenario,
  zero: bigint | null,
  place: string,
): readonly OperationObservation[] {
  const frames = new Frames(zero)
  const parent = new Places()
  const children = new Map<string, Places>()
  return ops.map((op) => {
    const [, child, forked] = /^@(\S+)|^fork (\S+)/.exec(op.text) ?? []
    if (forked !== undefined) children.set(forked, new Places(parent))
    const places = child === undefined ? parent : (children.get(child) ?? parent)
    for (const { name, start, length } of op.placements) places.add(name, start, length)
    return observeOperation(op, places, frames, place)
  })
}

function observeOperation(
  op: RawOperation,
  places: Places,
  frames: Frames,
  place: string,
): OperationObservation {
  // The order matters: frames are numbered as they appear, first in the trace.
  const { faults, events } = observeTrace(op.trace, { places, frames }, place)
  return {
    op: op.text,
    result: resultOf(op.result),
    faults,
    events,
    files: op.files,
    ptes: op.entries.map(({ map, offset, level, value }) => ({
      at: `${map}+${hex(offset)}`,
      level,
      flags: flagsOf(value),
      frame: frames.nameOfEntry(value, level),
    })),
    vmas: op.areas.map(({ start, end, perms, offset, name }) => ({
      perms,
      offset: hex(offset),
      name,
      at: places.name(start),
      len: hex(end - start),
    })),
  }
}

function resultOf({ ret, errno, signal, code, skipped }: RawOperation['result']): OperationResult {
  if (skipped !== undefined) return { skipped: true }
  if (errno !== undefined) return { errno: errnoName(errno) ?? `errno ${errno}` }
  if (signal === undefined) return { ret: ret ?? 0 }
  const [name, reason] = signalNames(signal, code ?? 0) ?? [`signal ${signal}`, `code ${code}`]
  return { signal: name, code: reason }
}
