/** What the user gave cannot be used. The message is one line; the exit code is 2. */
export class InputError extends Error {
  override readonly name: string = 'InputError'
  /** Where it stands: a command, `path:line:column`, a path. */
  readonly place: string
  readonly complaint: string
  readonly remedy: string

  constructor(place: string, complaint: string, remedy: string) {
    super(`${place}: ${complaint}; ${remedy}`)
    this.place = place
    this.complaint = complaint
    this.remedy = remedy
  }
}

/** What went wrong with a file or folder, in words instead of the system's codes. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ENOENT':
      return 'does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'is not accessible'
    case 'EISDIR':
      return 'is a folder, not a file'
    case 'ENOTDIR':
      return 'is not a folder'
    case 'EEXIST':
      return 'exists and is not a folder'
    case 'ENAMETOOLONG':
      return 'has a name that is too long'
    default:
      return code === '' ? `cannot be used (${String(error)})` : `cannot be used (${code})`
  }
}
