/** Why nothing was installed. */
export declare class AptError extends Error {
  constructor(code: AptError['code'], found: string, expected: string, remedy: string)
  readonly code: 'APT_MISSING' | 'APT_NO_RIGHTS' | 'APT_FAILED'
  readonly found: string
  readonly expected: string
  readonly remedy: string
}

export interface AptOptions {
  /** Hears each command before it runs. */
  readonly tell: (line: string) => void
  /** Keeps what apt prints; of a failure the last line is in the error. Left out, it goes to standard error. */
  readonly quiet?: boolean
  /** Ends a command that takes longer; left out, none. */
  readonly seconds?: number
}

/** `apt-get update`, as root or with sudo. @throws AptError */
export declare function updateLists(options: AptOptions): void

/** `apt-get update`, then `apt-get install` without what is only recommended. @throws AptError */
export declare function installPackages(names: readonly string[], options: AptOptions): void

/** Where a program is on the PATH, or in some more folders after it, or null. */
export declare function findProgram(name: string, more?: readonly string[]): string | null
