/** Why a value was refused. Stable: match on these, not on messages. */
export type PgprotErrorCode =
  | 'PGPROT_BAD_FIELD'
  | 'PGPROT_LEVEL'
  | 'PGPROT_PFN_RANGE'
  | 'PGPROT_RESERVED_BIT'
  | 'PGPROT_UNKNOWN_FLAG'
  | 'PGPROT_UNSUPPORTED'
  | 'PGPROT_VALUE_RANGE'

/** What a `PgprotError` is made from. */
export interface PgprotErrorDetails {
  readonly found: string
  readonly expected: string
  /** What the caller can do about it. */
  readonly todo: string
  /** The offending bit, 0..63, where there is one. */
  readonly bit?: number | undefined
}

/** The only error of this package. The message is "code: found …, expected …; what to do". */
export class PgprotError extends Error {
  declare readonly code: PgprotErrorCode
  declare readonly found: string
  declare readonly expected: string
  declare readonly todo: string
  declare readonly bit?: number | undefined

  constructor(code: PgprotErrorCode, details: PgprotErrorDetails) {
    super(`${code}: found ${details.found}, expected ${details.expected}; ${details.todo}`)
    Object.assign(this, { name: 'PgprotError', code, ...details })
  }
}
