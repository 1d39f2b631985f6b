/** A source line taken apart, for those who have an observation and no parsed scenario. */
export interface OperationLine {
  /** Who executes it: `@c1`, or empty for the first process. */
  readonly process: string
  /** The words after that; the first is the name of the operation. */
  readonly words: readonly string[]
}

/** Takes apart the source line of an observed operation. */
export function operationLine(op: string): OperationLine {
  const words = op.trim().split(/[ \t]+/)
  return words[0]?.startsWith('@') ? { process: words[0], words: words.slice(1) } : { process: '', words }
}
