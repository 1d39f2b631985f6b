import type { EntryKind, Level, PgprotError } from '@mm-model/pgprot'
import { configurations, formatOf } from './configurations.ts'
import { h, hex64 } from './dom.ts'
import { type Reading, type Remedy, remedies } from './reading.ts'
import { diffWords } from './words-diff.ts'

/** The value, the sentence or the refusal, and what flipped bits changed. */
export class Report {
  /** The digits, apart from the rest so that buttons can stand beside them. */
  readonly values: HTMLElement = h('div', { class: 'values' })
  readonly element: HTMLElement = h('div', { class: 'report' })
  readonly #apply: (remedy: Remedy) => void

  constructor(apply: (remedy: Remedy) => void) {
    this.#apply = apply
  }

  /** `folded` is the level that the text names, where that is the root under another name. */
  update(now: Reading, was: Reading, folded: Level | null): void {
    const changed = now.value !== was.value
    this.values.replaceChildren(
      ...(changed
        ? [valueLine('was', was.value, now.value), valueLine('now', now.value, was.value)]
        : [valueLine('', now.value, now.value)]),
    )
    this.element.replaceChildren(
      ...(now.error ? [this.#refusal(now, now.error)] : [sentence(now, was), facts(now)]),
      ...(folded
        ? [h('p', { class: 'note' }, `There is no ${folded} here: Linux folds it into the pgd.`)]
        : []),
      ...(was.error && !now.error ? [h('p', { class: 'note' }, `Before: ${titleOf(was.error, was)}.`)] : []),
      ...(now.error && was.entry ? [h('p', { class: 'note' }, `Before: ${was.entry.text}`)] : []),
    )
  }

  #refusal(now: Reading, error: PgprotError): HTMLElement {
    const ways = remedies(now).map((remedy) => {
      const button = h('button', { type: 'button', class: 'way' }, wayOf(remedy, now.value))
      button.addEventListener('click', () => this.#apply(remedy))
      return button
    })
    return h(
      'div',
      { class: 'refusal' },
      h('p', { class: 'title' }, titleOf(error, now)),
      h('p', {}, error.bit === undefined ? `${capital(error.todo)}.` : `Found ${told(error)}.`),
      ...(ways.length > 0 ? [h('div', { class: 'ways' }, ...ways)] : []),
      h('code', { class: 'code' }, error.code),
    )
  }
}

/** What a live region says after a bit was flipped. */
export function announcement(now: Reading, bit: number): string {
  const field = now.fields.find(({ shift, width }) => bit >= shift && bit < shift + width)
  const set = ((now.value >> BigInt(bit)) & 1n) === 1n
  const outcome = now.error ? titleOf(now.error, now) : (now.entry?.text ?? '')
  return `Bit ${bit}, ${field?.label ?? ''}, ${set ? 'set' : 'cleared'}. ${outcome}`
}

/** Sixteen digits in fours, those that differ from `other` marked; a copy of it has no gaps. */
function valueLine(name: string, value: bigint, other: bigint): HTMLElement {
  const digits = hex64(value).slice(2)
  const others = hex64(other).slice(2)
  const groups = [0, 4, 8, 12].map((from) =>
    h(
      'span',
      { class: 'group' },
      ...[...digits.slice(from, from + 4)].map((digit, i) =>
        digit === others[from + i] ? digit : h(name === 'was' ? 'del' : 'ins', {}, digit),
      ),
    ),
  )
  const tag = name === '' ? [] : [h('span', { class: 'tag' }, name)]
  return h('p', { class: `hex ${name}` }, ...tag, h('span', { class: 'digits' }, '0x', ...groups))
}

function sentence(now: Reading, was: Reading): HTMLElement {
  const text = now.entry?.text ?? ''
  const before = was.entry?.text ?? text
  const pieces = diffWords(before, text).map(({ kind, text }) =>
    kind === 'same' ? text : h(kind === 'gone' ? 'del' : 'ins', {}, text),
  )
  return h('p', { class: 'sentence' }, ...pieces)
}

function facts({ arch, level, kind, entry, physical, value }: Reading): HTMLElement {
  const { label, family } = configurations.find(({ name }) => name === arch) ?? { label: '', family: arch }
  const list: (readonly [string, string])[] = [['kind', `${kindOf(level, kind)} of ${family}, ${label}`]]
  if (physical !== null) {
    list.push(['frame', `0x${(entry?.pfn ?? 0).toString(16)}`])
    list.push(['physical address', `0x${physical.toString(16)}`])
  }
  if (entry?.cache) list.push(['cache', entry.cache])
  if (kind === 'swap' && entry)
    for (const name of ['type', 'offset']) list.push([name, `0x${(entry.fields[name] ?? 0).toString(16)}`])
  const absent = (value & 1n) === 0n && value !== 0n
  return h(
    'div',
    { class: 'facts' },
    h('dl', {}, ...list.map(([term, words]) => h('div', {}, h('dt', {}, term), h('dd', {}, words)))),
    ...(absent
      ? [
          h(
            'p',
            { class: 'note' },
            `Bit 0 is clear: the hardware looks no further, and the other bits are Linux’s own.`,
          ),
        ]
      : []),
  )
}

function kindOf(level: Level, kind: EntryKind | null): string {
  if (kind === 'none') return `empty ${level}`
  if (kind === 'table') return `${level}, table pointer`
  return kind === 'swap' ? `${level}, swap entry` : `${level} ${kind ?? 'entry'}`
}

function titleOf({ code, bit }: PgprotError, { level, kind, arch }: Reading): string {
  const what = `a ${level} ${kind ?? 'entry'}`
  if (code === 'PGPROT_RESERVED_BIT') return `Bit ${bit} must be clear in ${what}`
  if (bit !== undefined) return `Linux does not use bit ${bit} in ${what}`
  return `This is not ${what} of ${formatOf(arch).arch.name}`
}

function told({ found, expected, todo }: PgprotError): string {
  return `${found}, expected ${expected}; ${todo}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function wayOf(remedy: Remedy, value: bigint): string {
  if (remedy.kind === 'flip')
    return `${((value >> BigInt(remedy.bit)) & 1n) === 1n ? 'Clear' : 'Set'} bit ${remedy.bit}`
  if (remedy.kind === 'level') return `Read it as a ${remedy.level}`
  const { family = remedy.name } = configurations.find(({ name }) => name === remedy.name) ?? {}
  return `Read it as ${family}`
}
