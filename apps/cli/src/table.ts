import type { Colors } from './terminal.ts'

/** A row of cells; what is missing on the right is empty. */
export type Row = readonly string[]

/**
 * Lines up columns: those that `left` says to the left (the first, where it is not given), the others to the right. The
 * head is bold. Widths are of the text alone: pass cells without colours.
 */
export function table(
  head: Row,
  rows: readonly Row[],
  { bold }: Colors,
  left: readonly boolean[] = [true],
): readonly string[] {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => (row[i] ?? '').length)))
  const line = (row: Row): string =>
    widths
      .map((width, i) => (left[i] === true ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
      .join('   ')
      .trimEnd()
  return [bold(line(head)), ...rows.map((row) => line(row))]
}

/** A whole number with commas, whatever the locale. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 fault`, `2 faults`. */
export function counted(n: number, one: string, many: string = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`
}
