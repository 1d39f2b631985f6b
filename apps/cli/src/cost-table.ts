import recorded from './data/cost.json'

/** A row of the recorded cost table: what was counted. */
export type CostRow = keyof (typeof recorded.strategies)['mkwrite']

/** What figures of a table are, for whoever prints them. */
export interface CostSource {
  readonly unit: string
  readonly how: string
  readonly kernel: string
  readonly notCounted: string
}

/** What the figures are and where they come from. */
export const COST_SOURCE: CostSource & { readonly file: string } = {
  file: 'kernel-observations/cost.json',
  unit: recorded.unit,
  how: recorded.how,
  kernel: recorded.kernel,
  notCounted: recorded['not counted'],
}

/** Whether the table was recorded on this kernel; of another it says nothing. */
export function isRecordedOn(kernel: string): boolean {
  return new RegExp(`^Linux ${kernel.replaceAll('.', '\\.')}\\b`).test(recorded.kernel)
}

/** Whether instructions were counted under the strategy. */
export function isCounted(strategy: string): boolean {
  return Object.hasOwn(recorded.strategies, strategy)
}

/** Kernel instructions of one operation under a strategy, or `null` where none were recorded. */
export function instructionsOf(strategy: string, row: CostRow | null): number | null {
  const rows: Readonly<Record<string, Readonly<Record<CostRow, number>>>> = recorded.strategies
  return row === null ? null : (rows[strategy]?.[row] ?? null)
}
