// What the experiments that a scenario cannot say have in common: reading a scenario, and printing.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseScenario } from '@mm-model/scenario'

/** The scenario in a file beside the script. */
export function readScenario(folder, file) {
  return parseScenario(readFileSync(join(folder, file), 'utf8'), { name: basename(file, '.scn') })
}

/** Rows with their columns aligned, the first row underlined. */
export function printTable(rows) {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)))
  const line = (row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]))
      .join('  ')
      .trimEnd()
  const [head, ...body] = rows
  console.log(line(head))
  console.log(widths.map((width) => '-'.repeat(width)).join('  '))
  for (const row of body) console.log(line(row))
}

/** What an operation returned, where that is worth a word. */
export function resultOf({ result }) {
  if ('signal' in result) return ` -> ${result.signal}`
  if ('errno' in result) return ` -> ${result.errno}`
  return ''
}

/** An entry, 64 bits in two halves. */
export function hexEntry(lo, hi) {
  return `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`.replace(/^0x0+(?=.)/, '0x')
}
