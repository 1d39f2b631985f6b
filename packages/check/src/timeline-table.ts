/**
 * A timeline as text: a column for each thread.
 * @module
 */

import type { Timeline, TimelineLine, TimelineStep } from './timeline.ts'

/** How to print; left out, 100 columns without colours. */
export interface TimelineStyle {
  /** Width in characters, at least 20 for each thread. */
  readonly width?: number | undefined
  readonly call?: ((text: string) => string) | undefined
  readonly lock?: ((text: string) => string) | undefined
  readonly change?: ((text: string) => string) | undefined
}

/** A cell's line, and how it is shown. */
interface Cell {
  readonly text: string
  readonly style: (text: string) => string
  /** Whether it may share its line with others that may. */
  readonly flows?: boolean | undefined
}

const GAP = '  '
const plain = (text: string): string => text

/**
 * Lines of text: the number of a step, then a column for each thread. Calls with what they answered, functions of the kernel, locks
 * taken (`+`) and released (`-`), and what changed; below, what ran when all threads had ended.
 */
export function formatTimeline(
  { threads, steps, after }: Timeline,
  style: TimelineStyle = {},
): readonly string[] {
  const gutter = String(steps.length).length
  const width = Math.max(style.width ?? 100, 20 * threads.length)
  const column = Math.floor((width - gutter - GAP.length * threads.length) / threads.length)
  const line = (number: string, thread: number, { text, style }: Cell): string => {
    const before = GAP.padEnd((column + GAP.length) * thread + GAP.length)
    return `${number.padStart(gutter)}${before}${style(text)}`
  }
  const head = threads.map((name) => name.padEnd(column)).join(GAP)
  const lines = [`${''.padStart(gutter)}${GAP}${head}`.trimEnd()]
  for (let at = 0; at < steps.length; ) {
    const { thread } = steps[at]!
    // A row of the table is what one thread does until another goes on.
    let cells: Cell[] = []
    let first = at
    const flush = (): void => {
      for (const [i, cell] of cells.entries())
        lines.push(line(i === 0 ? String(first + 1) : '', thread, cell))
      cells = []
    }
    for (; at < steps.length && steps[at]!.thread === thread; at++) {
      if (steps[at]!.begins !== null) {
        flush()
        first = at
      }
      cells = joined([...cells, ...cellsOf(steps[at]!, style)], column)
    }
    flush()
  }
  if (after === null || after.length === 0) return lines
  return [...lines, '', 'when all have ended', ...after.flatMap((one) => linesOf(one, width, style))]
}

/** A line of the scenario that runs by itself, over the whole width. */
function linesOf(
  { text, answers, changes }: TimelineLine,
  width: number,
  { call = plain, change = plain }: TimelineStyle,
): string[] {
  const cells: Cell[] = [
    { text, style: call },
    ...changes.map((one) => ({ text: `* ${one}`, style: change })),
    { text: `= ${answers}`, style: call },
  ]
  return cells
    .flatMap((cell) => broken(cell, width - GAP.length))
    .map(({ text, style }) => `${GAP}${style(text)}`)
}

function cellsOf(step: TimelineStep, { call = plain, lock = plain, change = plain }: TimelineStyle): Cell[] {
  return [
    ...(step.begins === null ? [] : [{ text: step.begins, style: call }]),
    ...step.takes.map((name) => ({ text: `+ ${name}`, style: lock })),
    ...step.functions.map((name) => ({ text: name, style: plain, flows: true })),
    ...step.changes.map((text) => ({ text: `* ${text}`, style: change })),
    ...step.releases.map((name) => ({ text: `- ${name}`, style: lock })),
    ...(step.answers === null ? [] : [{ text: `= ${step.answers}`, style: call }]),
  ]
}

/** Functions that follow each other share a line as far as there is room, and what is longer than a line is broken. */
function joined(cells: readonly Cell[], width: number): Cell[] {
  const lines: Cell[] = []
  for (const cell of cells) {
    const last = lines.at(-1)
    if (last?.flows === true && cell.flows === true && last.text.length + 1 + cell.text.length <= width) {
      lines[lines.length - 1] = { ...last, text: `${last.text} ${cell.text}` }
    } else lines.push(...broken(cell, width))
  }
  return lines
}

function broken(cell: Cell, width: number): Cell[] {
  const { text, style } = cell
  if (text.length <= width) return [cell]
  const space = text.lastIndexOf(' ', width)
  const cut = space > 2 ? space : width
  const rest = text.slice(cut).trimStart()
  return [{ text: text.slice(0, cut), style }, ...broken({ text: `  ${rest}`, style }, width)]
}
