import type { FailureParts } from './strategy/failure.ts'

/** The program would fault for ever, as it would on such a kernel: a finding. One line; the exit code is 1. */
export class EndlessFault extends Error {
  override readonly name: string = 'EndlessFault'
  /** The scenario's file. */
  readonly path: string
  readonly parts: FailureParts

  constructor(path: string, parts: FailureParts) {
    super(`${path}: ${parts.found}; expected ${parts.expected}; on such a kernel the program hangs there`)
    this.path = path
    this.parts = parts
  }
}
