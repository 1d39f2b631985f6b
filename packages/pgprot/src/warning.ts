/**
 * What `assertPgprotReadOnly` found. It is a value, not an exception: the kernel would print a warning (`WARN_ON`) and
 * go on, and here the caller decides.
 */
export interface PgprotWarning {
  readonly code: 'PGPROT_WRITABLE'
  /** The bit that makes the protection writable. */
  readonly bit: number
  /** The kernel's name of that bit. */
  readonly name: string
  readonly message: string
}

/** One frozen warning an architecture, so that reporting it allocates nothing. */
export function writableWarning(bit: number, name: string): PgprotWarning {
  return Object.freeze({
    code: 'PGPROT_WRITABLE',
    bit,
    name,
    message: `expected a read-only protection, found ${name} (bit ${bit}) set`,
  })
}
