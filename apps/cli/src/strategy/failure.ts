/** What was met, what was needed, what to do. */
export interface FailureParts {
  readonly found: string
  readonly expected: string
  readonly remedy: string
}

/** A plugin did what a strategy must not, so nothing can be said of it but that. One line; the exit code is 1. */
export class PluginFailure extends Error {
  override readonly name: string = 'PluginFailure'
  /** The path or package that was asked for. */
  readonly plugin: string
  /** Where it happened: a hook, or what else of the plugin was running. */
  readonly where: string
  readonly parts: FailureParts

  constructor(plugin: string, where: string, parts: FailureParts) {
    super(`${plugin}: ${where}: ${parts.found}; expected ${parts.expected}; ${parts.remedy}`)
    this.plugin = plugin
    this.where = where
    this.parts = parts
  }
}

/** Characters of a thrown value that a message keeps. */
const LONGEST = 200

/** What was thrown, on one line. A plugin may throw anything, even what cannot be looked at. */
export function describeThrown(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
    const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
    return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
  } catch {
    return 'something that cannot be shown'
  }
}
