// Types of the tool, which is plain JavaScript so that it runs before anything is built.

declare module '*/verdict.mjs' {
  export interface Verdict {
    readonly violated: boolean
    /** Which invariant; `I39` is a state without an end. */
    readonly assertion: string | null
    readonly states: number
    readonly transitions: number
    readonly depth: number
  }
  export function readVerdict(output: string): Verdict
  export function agrees(variant: Pick<Verdict, 'violated' | 'assertion'>, verdict: Verdict): boolean
}

declare module '*/verifier.mjs' {
  export interface Variant {
    readonly id: string
    readonly when: 'before' | 'after' | 'strategy'
    readonly title: string
    readonly bug: number | null
    readonly fix: string | null
    readonly model: string
    readonly program: string
    readonly macros: readonly string[]
    readonly checks: readonly string[] | 'all' | 'all+I24'
    readonly violated: boolean
    readonly assertion: string | null
  }
  export function missingPrograms(): string[]
  export function installPrograms(tell: (line: string) => void): void
  export function readVariants(): Variant[]
  export function checkVariant(variant: Variant): void
  export function verify(
    variant: Variant,
    options?: { readonly depth?: number; readonly memory?: number; readonly trail?: boolean },
  ): Promise<{
    readonly violated: boolean
    readonly assertion: string | null
    readonly states: number
    readonly transitions: number
    readonly depth: number
    readonly steps: string
  }>
}
