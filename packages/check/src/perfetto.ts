/**
 * A timeline as a trace that Perfetto and chrome://tracing open: a track for each thread, a microsecond for each step.
 * @module
 */

import type { Timeline } from './timeline.ts'

/** An event of the Trace Event Format (Google, 2016), as far as it is used here. */
export interface TraceEvent {
  readonly name: string
  /** `M` metadata, `X` a slice, `b` and `e` a lock taken and released, `i` an instant. */
  readonly ph: 'M' | 'X' | 'b' | 'e' | 'i'
  readonly pid: number
  readonly tid: number
  /** In microseconds: the number of the step. */
  readonly ts: number
  readonly dur?: number
  readonly cat?: string
  readonly id?: string
  /** Of an instant: the whole trace. */
  readonly s?: 'g'
  readonly args?: Readonly<Record<string, unknown>>
}

export interface Trace {
  readonly displayTimeUnit: 'ms'
  readonly traceEvents: readonly TraceEvent[]
}

const PID = 1

/**
 * Slices of calls, in them slices of the functions of the kernel, each from its entry to the thread's next; held locks; and an instant
 * for what is wrong at the end.
 */
export function traceOf(
  { threads, steps }: Timeline,
  wrong: { name: string; message: string } | null,
): Trace {
  const events: TraceEvent[] = threads.map((name, i) => ({
    name: 'thread_name',
    ph: 'M',
    pid: PID,
    tid: i + 1,
    ts: 0,
    args: { name },
  }))
  for (const thread of threads.keys()) {
    const mine = steps.flatMap((step, at) => (step.thread === thread ? [{ step, at }] : []))
    events.push(...callSlices(mine, steps.length), ...functionSlices(mine), ...locks(mine))
  }
  const tid = (steps.at(-1)?.thread ?? 0) + 1
  if (wrong !== null)
    events.push({
      name: `${wrong.name}: ${wrong.message}`,
      ph: 'i',
      s: 'g',
      pid: PID,
      tid,
      ts: steps.length,
      cat: 'violation',
    })
  return { displayTimeUnit: 'ms', traceEvents: events }
}

type Mine = readonly { readonly step: Timeline['steps'][number]; readonly at: number }[]

function slice(mine: Mine, name: string, cat: string, ts: number, end: number, args: object): TraceEvent {
  const tid = mine[0]!.step.thread + 1
  return { name, cat, ph: 'X', pid: PID, tid, ts, dur: end - ts, args: { ...args } }
}

/** From the step that begins a call to the one that ends it; one that never ends lasts to the end of all. */
function callSlices(mine: Mine, end: number): TraceEvent[] {
  return mine.flatMap(({ step, at }, i) => {
    if (step.begins === null) return []
    const last = mine.slice(i).find(({ step: { answers } }) => answers !== null)
    const until = last === undefined ? end : last.at + 1
    return [slice(mine, step.begins, 'call', at, until, { answers: last?.step.answers ?? 'nothing yet' })]
  })
}

/** A step's last function lasts until the thread's next; those before it share the step. */
function functionSlices(mine: Mine): TraceEvent[] {
  return mine.flatMap(({ step, at }, i) => {
    const { functions, changes, answers } = step
    const next = mine
      .slice(i + 1)
      .find((later) => later.step.functions.length > 0 || later.step.begins !== null)
    const ended = mine.slice(i).find((later) => later.step.answers !== null)
    const until = answers !== null ? at + 1 : Math.min(next?.at ?? at + 1, (ended?.at ?? at) + 1)
    const part = 1 / Math.max(functions.length, 1)
    return functions.map((name, f) => {
      const isLast = f === functions.length - 1
      const from = at + f * part
      const to = isLast ? Math.max(until, at + 1) : at + (f + 1) * part
      return slice(mine, name, 'kernel', from, to, isLast && changes.length > 0 ? { changes } : {})
    })
  })
}

function locks(mine: Mine): TraceEvent[] {
  return mine.flatMap(({ step, at }) => {
    const event = (name: string, ph: 'b' | 'e'): TraceEvent => {
      const tid = step.thread + 1
      return { name, ph, pid: PID, tid, ts: ph === 'b' ? at : at + 1, cat: 'lock', id: `${tid} ${name}` }
    }
    return [...step.takes.map((name) => event(name, 'b')), ...step.releases.map((name) => event(name, 'e'))]
  })
}
