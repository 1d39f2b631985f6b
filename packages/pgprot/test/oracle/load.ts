/**
 * The part of `tooling/header-oracle` that needs no compiler, with types. It is plain JavaScript there, because its
 * command runs under Node alone.
 */
import { join } from 'node:path'

export interface Halves {
  readonly lo: Uint32Array
  readonly hi: Uint32Array
}

export interface Helper {
  readonly name: string
  readonly kind: 'test' | 'make' | 'number' | 'modify' | 'frame' | 'table' | 'same' | 'swap' | 'vmflags'
  readonly bits?: number | undefined
  readonly ours: string
}

interface Helpers {
  readonly CONFIGURATIONS: Readonly<Record<string, { readonly helpers: readonly Helper[] }>>
  readonly ourFunctions: (
    name: string,
    modules: Readonly<Record<'index' | 'x86-64' | 'arm64' | 'riscv64', object>>,
  ) => Readonly<Record<string, unknown>>
}

interface Inputs {
  readonly BLOCK: number
  readonly SEED: number
  readonly createInputs: (seed: number) => { fill(a: Halves, b: Halves, count: number): void }
  readonly createHalves: (count?: number) => Halves
  readonly digest: (halves: Halves, count: number) => number
  readonly evaluate: (
    helper: Pick<Helper, 'kind' | 'bits'>,
    ours: unknown,
    a: Halves,
    b: Halves,
    out: Halves,
    count: number,
  ) => void
}

const DIRECTORY = join(import.meta.dirname, '../../../../tooling/header-oracle')

export const { CONFIGURATIONS, ourFunctions }: Helpers = await import(join(DIRECTORY, 'helpers.mjs'))
export const { BLOCK, createHalves, createInputs, digest, evaluate, SEED }: Inputs = await import(
  join(DIRECTORY, 'inputs.mjs')
)
