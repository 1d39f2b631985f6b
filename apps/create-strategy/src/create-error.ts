/** The package cannot be made. The message is one line: where, what is wrong, what to do. */
export class CreateError extends Error {
  override readonly name: string = 'CreateError'
  /** A folder, a name. */
  readonly place: string
  readonly complaint: string
  readonly remedy: string

  constructor(place: string, complaint: string, remedy: string) {
    // A name or a folder may have anything in it.
    super(`${place}: ${complaint}; ${remedy}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?'))
    this.place = place
    this.complaint = complaint
    this.remedy = remedy
  }
}

/** What went wrong with a folder or file, in words instead of the system's codes. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'cannot be written'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'is below something that is not a folder'
    case 'ENAMETOOLONG':
      return 'has a name that is too long'
    case 'ENOSPC':
      return 'has no space left'
    default:
      return code === '' ? `cannot be used (${String(error)})` : `cannot be used (${code})`
  }
}
