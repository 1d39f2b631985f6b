/** Every `code` of the harness, sorted. The README says of each what causes it and what to do. */
export type CaptureErrorCode =
  | 'CAPTURE_AGENT_BUILD'
  | 'CAPTURE_ARGUMENT'
  | 'CAPTURE_BAD_LOG'
  | 'CAPTURE_BAD_SCENARIO'
  | 'CAPTURE_FILE'
  | 'CAPTURE_GUEST_FAILED'
  | 'CAPTURE_IMAGE'
  | 'CAPTURE_INCOMPLETE_LOG'
  | 'CAPTURE_LAYOUT_MISMATCH'
  | 'CAPTURE_MISSING_TOOL'
  | 'CAPTURE_PROGRAM_FAILED'
  | 'CAPTURE_SOURCE'
  | 'CAPTURE_TIMEOUT'
  | 'CAPTURE_UNKNOWN_KERNEL'

/** What went wrong, in the parts that every message is made of. */
export interface Complaint {
  readonly code: CaptureErrorCode
  /** What stands there, as a phrase. */
  readonly found: string
  /** What would have been right, as a phrase. */
  readonly expected: string
  /** What to do, as a sentence without its full stop. */
  readonly remedy: string
}

/** The base of every error that the harness throws on purpose. The message is one line. */
export class CaptureError extends Error {
  override readonly name: string = 'CaptureError'
  readonly code: CaptureErrorCode
  readonly found: string
  readonly expected: string
  readonly remedy: string

  /** @param place Where it is: a command, a file, a line of a log. */
  constructor(
    place: string,
    { code, found, expected, remedy }: Complaint,
    options?: { readonly cause?: unknown },
  ) {
    super(`${place}: found ${found}, expected ${expected}; ${remedy}`, options)
    this.code = code
    this.found = found
    this.expected = expected
    this.remedy = remedy
  }
}

/** Text from outside, safe to print inside a message: quoted, on one line, not longer than a glance. */
export function quoted(text: string): string {
  const glance = text.length > 60 ? `${text.slice(0, 57)}...` : text
  return `'${glance.replace(/[^ -~]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)}'`
}
