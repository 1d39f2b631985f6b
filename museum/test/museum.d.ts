// Types of the museum's module, which is plain JavaScript so that it runs as it is.

declare module '*/museum.mjs' {
  import type { Exploration } from '@mm-model/check'
  import type { DefectName } from '@mm-model/core'
  import type { Scenario } from '@mm-model/scenario'

  export interface Side {
    readonly kernel?: string
    readonly fs?: string
    readonly arch?: string
    readonly strategy?: string
    readonly defects?: readonly DefectName[]
  }
  export interface Piece {
    readonly id: string
    readonly row: number | null
    readonly title: string
    readonly before: Side
    readonly after: Side & { readonly checks?: readonly string[] }
    readonly killAfterFaults?: number
    readonly fix?: string
    readonly violates: string
    readonly preemptions: number
    readonly spin: string | null
    readonly slow?: boolean
  }
  export function readCatalog(): readonly Piece[]
  export function scenarioOf(piece: Piece): Scenario
  export function difference(piece: Piece): readonly DefectName[]
  export function fixOf(piece: Piece): string | null
  export function runBefore(piece: Piece): Exploration
  export function runAfter(piece: Piece): Exploration
  export function surpriseBefore(piece: Piece, found: Exploration): string | null
  export function surpriseAfter(found: Exploration): string | null
  export function tableOf(rows: readonly (readonly string[])[]): readonly string[]
  export function readmeTable(): string
}
