/** Reads what the agent printed, line by line; ../../docs/raw-log.md has the format. */
import { CaptureError, quoted } from '../capture-error.ts'

/** One operation, with the lines that followed it, by their kind and in their order. */
export interface RawOperation {
  /** Of the log, counted from 1. */
  readonly line: number
  /** The source line. */
  readonly text: string
  readonly result: Readonly<Record<string, number>>
  /** Where the operation has put a mapping. */
  readonly placements: readonly { readonly name: string; readonly start: bigint; readonly length: bigint }[]
  readonly trace: readonly { readonly line: number; readonly text: string }[]
  readonly files: readonly {
    readonly name: string
    readonly mtime: boolean
    readonly ctime: boolean
    readonly blocks: number
    readonly size: number
  }[]
  readonly entries: readonly {
    readonly map: string
    readonly offset: bigint
    readonly level: number
    readonly value: bigint
  }[]
  readonly areas: readonly {
    readonly start: bigint
    readonly end: bigint
    readonly perms: string
    readonly offset: bigint
    readonly name: string
  }[]
}

export interface RawScenario {
  readonly name: string
  readonly ops: readonly RawOperation[]
  /** Why the scenario has no end, or `null`: its process died, or said that it cannot go on. */
  readonly died: string | null
}

export interface RawLog {
  /** Levels of the page tables that the kernel used. */
  readonly levels: number
  readonly scenarios: readonly RawScenario[]
  /** What the agent complained of, which a recording should not have. */
  readonly complaints: readonly { readonly scenario: string; readonly text: string }[]
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

const LINES = {
  AGENT: /^1 levels=([45])$/,
  SCENARIO: /^(?:.*\/)?([^/]+)\.scn$/,
  OP: /^(.+)$/,
  R: /^(ret|errno|signal|skipped)=(-?\d+)(?: (code)=(-?\d+))?$/,
  M: /^(\S+) (0x[0-9a-f]+|0) (0x[0-9a-f]+|0)$/,
  T: /^(.+)$/,
  F: /^(\S+) mtime=([01]) ctime=([01]) blocks=(\d+) size=(\d+)$/,
  P: /^(\S+) (0x[0-9a-f]+|0) level=([1-5]) (0x[0-9a-f]+)$/,
  V: /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+\s*(.*)$/,
  END: /^$/,
  DIED: /^(\d+)$/,
  DONE: /^$/,
  '#': /^(.*)$/,
} as const
type LineKind = keyof typeof LINES

/**
 * Reads a whole log.
 *
 * @throws {CaptureError} CAPTURE_BAD_LOG for a line that the format does not have, CAPTURE_INCOMPLETE_LOG for a log
 * without its end.
 */
export function readRawLog(text: string, place: string): RawLog {
  const scenarios: { name: string; ops: Writable<RawOperation>[]; died: string | null; ended: boolean }[] = []
  const complaints: { scenario: string; text: string }[] = []
  let levels = 0
  let done = false
  for (const [index, withReturn] of text.split('\n').entries()) {
    const line = withReturn.replace(/\r+$/, '')
    if (line === '') continue
    const where = { place: `${place}:${index + 1}`, line }
    const [kind, words] = matchLine(where)
    const scenario = scenarios.at(-1)
    switch (kind) {
      case 'AGENT':
        levels = Number(words[0])
        break
      case 'SCENARIO':
        scenarios.push({ name: words[0]!, ops: [], died: null, ended: false })
        break
      case 'DONE':
        done = true
        break
      case '#':
        complaints.push({ scenario: scenario?.name ?? '', text: words[0]! })
        break
      default: {
        if (scenario === undefined) throw badLog(where, 'a line `SCENARIO …` before it')
        if (kind === 'END') scenario.ended = true
        else if (kind === 'DIED') scenario.died = `its process ended with the wait status ${words[0]}`
        else if (kind === 'OP') scenario.ops.push(emptyOperation(index + 1, words[0]!))
        else readOutcome(kind, words, scenario.ops.at(-1), where)
      }
    }
  }
  if (levels === 0) throw incomplete(place, 'no line `AGENT 1 levels=…`')
  if (!done) throw incomplete(place, `no line DONE after ${scenarios.length} scenarios`)
  return {
    levels,
    scenarios: scenarios.map(({ ended, ...scenario }) => withReason(scenario, ended)),
    complaints,
  }
}

interface Where {
  readonly place: string
  readonly line: string
}

function matchLine(where: Where): readonly [LineKind, readonly string[]] {
  const space = where.line.indexOf(' ')
  const kind = space < 0 ? where.line : where.line.slice(0, space)
  if (!Object.hasOwn(LINES, kind))
    throw badLog(where, `a line that begins with one of ${Object.keys(LINES).join(' ')}`)
  const match = LINES[kind as LineKind].exec(space < 0 ? '' : where.line.slice(space + 1))
  if (match === null) throw badLog(where, `what docs/raw-log.md says of lines ${kind}`)
  return [kind as LineKind, match.slice(1)]
}

function emptyOperation(line: number, text: string): Writable<RawOperation> {
  return { line, text, result: {}, placements: [], trace: [], files: [], entries: [], areas: [] }
}

function readOutcome(
  kind: 'R' | 'M' | 'T' | 'F' | 'P' | 'V',
  words: readonly string[],
  operation: Writable<RawOperation> | undefined,
  where: Where,
): void {
  if (operation === undefined) throw badLog(where, 'a line `OP …` before it')
  const [a, b, c, d, e] = words as [string, string, string, string, string]
  switch (kind) {
    case 'R':
      operation.result = { [a]: Number(b), ...(c === undefined ? {} : { [c]: Number(d) }) }
      break
    case 'M':
      operation.placements.push({ name: a, start: BigInt(b), length: BigInt(c) })
      break
    case 'T':
      operation.trace.push({ line: Number(where.place.slice(where.place.lastIndexOf(':') + 1)), text: a })
      break
    case 'F':
      operation.files.push({
        name: a,
        mtime: b === '1',
        ctime: c === '1',
        blocks: Number(d),
        size: Number(e),
      })
      break
    case 'P':
      operation.entries.push({ map: a, offset: BigInt(b), level: Number(c), value: BigInt(d) })
      break
    case 'V':
      operation.areas.push({
        start: BigInt(`0x${a}`),
        end: BigInt(`0x${b}`),
        perms: c,
        offset: BigInt(`0x${d}`),
        name: e.slice(e.lastIndexOf('/') + 1),
      })
  }
}

function withReason(scenario: RawScenario, ended: boolean): RawScenario {
  const silent = scenario.ops.find(({ result }) => Object.keys(result).length === 0)
  if (scenario.died !== null) return scenario
  if (silent !== undefined) return { ...scenario, died: `\`${silent.text}\` has no result` }
  return ended ? scenario : { ...scenario, died: 'it has no end' }
}

function badLog({ place, line }: Where, expected: string): CaptureError {
  return new CaptureError(place, {
    code: 'CAPTURE_BAD_LOG',
    found: quoted(line),
    expected,
    remedy: 'the log is of another agent, or was edited; record again',
  })
}

function incomplete(place: string, found: string): CaptureError {
  return new CaptureError(place, {
    code: 'CAPTURE_INCOMPLETE_LOG',
    found,
    expected: 'a log that the agent has finished',
    remedy: 'record again; a guest that is stopped early leaves such a log',
  })
}
