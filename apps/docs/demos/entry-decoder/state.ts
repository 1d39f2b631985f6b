import type { Level } from '@mm-model/pgprot'
import { existingLevel, formatOf } from './configurations.ts'
import { type Dump, readDump } from './dump.ts'
import { type Reading, readEntry } from './reading.ts'

/** All that a link restores; everything on the screen follows from it. */
export interface DecoderState {
  readonly arch: string
  /** The level of entries whose text names none. */
  readonly level: Level
  readonly text: string
  /** Which entry is looked at, counted from 0. */
  readonly at: number
  /** Entries whose bits were flipped, by index: their values now. */
  readonly edits: ReadonlyMap<number, bigint>
}

export const EMPTY: DecoderState = { arch: 'x86-64', level: 'pte', text: '', at: 0, edits: new Map() }

/** More than the largest table holds; a longer list is cut, and the decoder says so. */
export const MOST_ENTRIES = 8192

export interface Row {
  readonly level: Level
  /** The level that the text names where the configuration has none of that name. */
  readonly folded: Level | null
  readonly original: bigint
  readonly value: bigint
}

/** What a state shows. */
export interface View {
  readonly dump: Dump
  readonly rows: readonly Row[]
  /** How many entries the text has beyond `rows`. */
  readonly cut: number
  readonly at: number
  /** The entry looked at, as it is now and as it was; `null` if there is none. */
  readonly now: Reading | null
  readonly was: Reading | null
}

export function view({ arch, level, text, at, edits }: DecoderState): View {
  const dump = readDump(text)
  const format = formatOf(arch)
  const rows = dump.entries.slice(0, MOST_ENTRIES).map((entry, index): Row => {
    const named = entry.level ?? level
    const existing = existingLevel(format, named)
    return {
      level: existing,
      folded: existing === named ? null : named,
      original: entry.value,
      value: edits.get(index) ?? entry.value,
    }
  })
  const chosen = Math.max(0, Math.min(at, rows.length - 1))
  const row = rows[chosen]
  return {
    dump,
    rows,
    cut: dump.entries.length - rows.length,
    at: chosen,
    now: row ? readEntry(arch, row.level, row.value) : null,
    was: row ? readEntry(arch, row.level, row.original) : null,
  }
}

/** Another text. Flipped bits stay with the entries that are where they were. */
export function withText(state: DecoderState, text: string): DecoderState {
  const before = readDump(state.text).entries
  const after = readDump(text).entries
  const edits = new Map([...state.edits].filter(([index]) => before[index]?.value === after[index]?.value))
  return { ...state, text, edits, at: Math.max(0, Math.min(state.at, after.length - 1)) }
}

/** The entry looked at with one bit flipped. */
export function withFlip(state: DecoderState, bit: number): DecoderState {
  const { rows, at } = view(state)
  const row = rows[at]
  if (row === undefined) return state
  const value = row.value ^ (1n << BigInt(bit))
  const edits = new Map(state.edits)
  if (value === row.original) edits.delete(at)
  else edits.set(at, value)
  return { ...state, at, edits }
}

/** The entry looked at as it was pasted. */
export function withoutFlips(state: DecoderState): DecoderState {
  const edits = new Map(state.edits)
  edits.delete(state.at)
  return { ...state, edits }
}

/** Another architecture; the level stays where it exists there. */
export function withArch(state: DecoderState, arch: string): DecoderState {
  return { ...state, arch, level: existingLevel(formatOf(arch), state.level) }
}

/**
 * Another level for the entry looked at: in its text, if that names one, else for all whose text does not. It is also
 * what text to come is read as, unless that would change an entry that is there.
 */
export function withLevel(state: DecoderState, level: Level): DecoderState {
  const { entries } = readDump(state.text)
  const label = entries[state.at]?.label
  if (!label) return { ...state, level }
  const { text } = state
  const word = text.slice(label.start, label.end)
  const written = word === word.toUpperCase() ? level.toUpperCase() : level
  return {
    ...state,
    level: entries.every((entry) => entry.label) ? level : state.level,
    text: text.slice(0, label.start) + written + text.slice(label.end),
  }
}
