// Types of the tool, which is plain JavaScript so that it runs before anything is built.

declare module '*/transform.mjs' {
  /** The straight-line twin of a stepped source; `name` is the file's, for messages and the first line. */
  export function straighten(source: string, name: string): string
}

declare module '*/straighten.mjs' {
  /** Packages with stepped sources, from the root. */
  export const PACKAGES: readonly string[]
  /** Files that are written by hand on both sides. */
  export const BY_HAND: ReadonlySet<string>
  /** The twins of one package: file name to text. */
  export function twinsOf(root: string, directory: string): Map<string, string>
}
