/** Every `code` of this package, sorted. The README says of each what causes it and what to do. */
export type ScenarioErrorCode =
  | 'INVARIANT_VIOLATED'
  | 'OBSERVATION_NOT_JSON'
  | 'OBSERVATION_SHAPE'
  | 'SCENARIO_BAD_CHARACTER'
  | 'SCENARIO_BAD_NAME'
  | 'SCENARIO_BAD_NUMBER'
  | 'SCENARIO_BAD_WORD'
  | 'SCENARIO_DUPLICATE_BRANCH'
  | 'SCENARIO_DUPLICATE_CHILD'
  | 'SCENARIO_EMPTY'
  | 'SCENARIO_EXTRA_WORD'
  | 'SCENARIO_LINE_TOO_LONG'
  | 'SCENARIO_MISSING_WORD'
  | 'SCENARIO_NOT_PARALLEL'
  | 'SCENARIO_NUMBER_TOO_BIG'
  | 'SCENARIO_UNDEFINED'
  | 'SCENARIO_UNKNOWN_CHILD'
  | 'SCENARIO_UNKNOWN_FILE'
  | 'SCENARIO_UNKNOWN_OPERATION'

/** What went wrong, in the parts that every message of this package is made of. */
export interface Complaint {
  readonly code: ScenarioErrorCode
  /** What stands there, as a phrase: `'stroe'`, `the end of the line`. */
  readonly found: string
  /** What would have been right, as a phrase: `an operation`. */
  readonly expected: string
  /** What to do, as a sentence without its full stop. */
  readonly remedy: string
}

/** The base of every error that this package throws on purpose. The message is one line. */
export class ScenarioError extends Error {
  override readonly name: string = 'ScenarioError'
  readonly code: ScenarioErrorCode
  readonly found: string
  readonly expected: string
  readonly remedy: string

  constructor(place: string, { code, found, expected, remedy }: Complaint, options?: { cause?: unknown }) {
    super(`${place}: found ${found}, expected ${expected}; ${remedy}`, options)
    this.code = code
    this.found = found
    this.expected = expected
    this.remedy = remedy
  }
}

/** A scenario that the language does not define. */
export class ScenarioSyntaxError extends ScenarioError {
  override readonly name: string = 'ScenarioSyntaxError'
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1, in UTF-16 units. */
  readonly column: number

  constructor(line: number, column: number, complaint: Complaint) {
    super(`line ${line}, column ${column}`, complaint)
    this.line = line
    this.column = column
  }
}

/** A text that is not an observation, or two observations that are not of the same scenario. */
export class ObservationError extends ScenarioError {
  override readonly name: string = 'ObservationError'
  /** Where in the document, as `ops[3].faults[0].at`; empty for the document as a whole. */
  readonly path: string

  constructor(path: string, complaint: Complaint, options?: { cause?: unknown }) {
    super(path === '' ? 'observation' : path, complaint, options)
    this.path = path
  }
}

/** Text from outside, safe to print inside a message: quoted, on one line, not longer than a glance. */
export function quoted(text: string): string {
  const glance = text.length > 40 ? `${text.slice(0, 37)}...` : text
  return `'${glance.replace(/[^ -~]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)}'`
}
