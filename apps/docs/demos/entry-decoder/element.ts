import type { Level } from '@mm-model/pgprot'
import { configurations, coverage, formatOf, offered } from './configurations.ts'
import { h, setAttribute } from './dom.ts'
import { EntryList } from './entry-list.ts'
import { examplesFor } from './examples.ts'
import { FieldTable } from './field-table.ts'
import { fromHash, toHash } from './link.ts'
import type { Field, Remedy } from './reading.ts'
import { announcement, Report } from './report.ts'
import { Ruler } from './ruler.ts'
import {
  type DecoderState,
  EMPTY,
  MOST_ENTRIES,
  type View,
  view,
  withArch,
  withFlip,
  withLevel,
  withoutFlips,
  withText,
} from './state.ts'
import { styles } from './styles.ts'

/** Browsers refuse to rewrite the address many times a second. */
const SYNC_MS = 120

/**
 * `<mm-entry-decoder>`: page-table entries in, bits, names and words out.
 *
 * Attributes, read when the element enters a document: `arch`, `level` and `text` are what it starts with. With `sync`
 * it keeps what it shows in the address of the page, and shows what an address holds. Without, `page` may name a page
 * whose decoder does: links lead there. It takes its colours from `--mm-*` properties and follows `color-scheme`.
 */
export class EntryDecoder extends HTMLElement {
  #state: DecoderState = EMPTY
  #view: View = view(EMPTY)
  #timer: ReturnType<typeof setTimeout> | undefined
  #built = false

  readonly #arch = h('select', { id: 'arch' })
  readonly #levels = h('div', { class: 'pills' })
  readonly #text = h('textarea', {
    id: 'text',
    rows: 1,
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    'aria-describedby': 'hint problems',
    placeholder: 'pte=0x8400000123456a67',
  })
  readonly #examples = h('div', { class: 'examples', role: 'group', 'aria-label': 'Examples' })
  readonly #problems = h('div', { id: 'problems', class: 'problems', role: 'status' })
  readonly #empty = h(
    'p',
    { class: 'empty' },
    'Nothing to decode yet. Paste an entry above, a whole dump if you like, or start from an example.',
  )
  readonly #card = h('section', { class: 'card', 'aria-label': 'The entry' })
  readonly #readout = h('p', { class: 'readout', 'aria-hidden': 'true' })
  readonly #live = h('p', { class: 'unseen', role: 'status' })
  readonly #undo = h('button', { type: 'button' }, 'Undo flips')
  readonly #copy = h('button', { type: 'button' }, 'Copy link')
  readonly #open = h('a', { class: 'open' }, 'Open in the decoder')
  readonly #list = new EntryList((at) => this.#set({ ...this.#state, at }))
  readonly #report = new Report((remedy) => this.#remedy(remedy))
  readonly #ruler = new Ruler(
    (bit) => this.#flip(bit),
    (bit) => this.#describe(bit),
  )
  readonly #fields = new FieldTable(
    (bit) => this.#flip(bit),
    (bit) => this.#describe(bit),
  )

  connectedCallback(): void {
    if (!this.#built) this.#build()
    this.#built = true
    window.addEventListener('hashchange', this.#onHash)
    const attribute = (name: string): string => this.getAttribute(name) ?? ''
    const given = new URLSearchParams({
      arch: attribute('arch'),
      level: attribute('level'),
      text: attribute('text'),
    })
    this.#show((this.#syncs && fromHash(location.hash)) || (fromHash(`${given}`) ?? EMPTY))
  }

  disconnectedCallback(): void {
    window.removeEventListener('hashchange', this.#onHash)
    clearTimeout(this.#timer)
  }

  get #syncs(): boolean {
    return this.hasAttribute('sync')
  }

  #build(): void {
    const root = this.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styles)
    root.adoptedStyleSheets = [sheet]

    const families = [...new Set(configurations.map(({ family }) => family))]
    for (const family of families) {
      const options = configurations
        .filter((one) => one.family === family)
        .map(({ name, label }) => h('option', { value: name }, `${family}: ${label}`))
      this.#arch.append(h('optgroup', { label: family }, ...options))
    }
    this.#arch.addEventListener('change', () => this.#set(withArch(this.#state, this.#arch.value)))
    this.#levels.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) this.#set(withLevel(this.#state, target.value as Level))
    })
    this.#text.addEventListener('input', () => this.#set(withText(this.#state, this.#text.value)))
    this.#undo.addEventListener('click', () => {
      this.#set(withoutFlips(this.#state))
      this.#live.textContent = 'As pasted.'
      // The button has gone; the keyboard goes on at the bits.
      this.#ruler.focus(0)
    })
    this.#copy.addEventListener('click', () => void this.#copyLink())

    this.#card.append(
      h(
        'div',
        { class: 'top' },
        this.#report.values,
        h('div', { class: 'tools' }, this.#undo, this.#copy, this.#open),
      ),
      this.#report.element,
      this.#ruler.element,
      this.#readout,
      h(
        'p',
        { class: 'key' },
        ...(
          [
            ['hardware', 'the hardware reads it'],
            ['software', 'Linux’s own, ignored by the hardware'],
            ['frame', 'frame or offset'],
            ['none', 'reserved or unused'],
          ] as const
        ).map(([role, words]) => h('span', { 'data-role': role }, words)),
        h('span', { class: 'keys' }, 'Click a bit to flip it, or move with the arrow keys and press Space.'),
      ),
      this.#fields.element,
    )
    root.append(
      h(
        'div',
        { class: 'decoder' },
        h(
          'div',
          { class: 'setup' },
          h(
            'div',
            { class: 'field' },
            h('label', { for: 'arch' }, 'Architecture'),
            h('div', { class: 'select' }, this.#arch),
          ),
          h('fieldset', { class: 'field levels' }, h('legend', {}, 'Level of the table'), this.#levels),
          h(
            'div',
            { class: 'field wide' },
            h('label', { for: 'text' }, 'Entries'),
            this.#text,
            h(
              'p',
              { id: 'hint', class: 'hint' },
              'Hex, one or many, with or without 0x. pte=, PMD and the like choose the level.',
            ),
            this.#problems,
          ),
          this.#examples,
        ),
        this.#list.element,
        this.#empty,
        this.#card,
        this.#live,
      ),
    )
  }

  readonly #onHash = (): void => {
    const state = this.#syncs ? fromHash(location.hash) : null
    if (state && toHash(state) !== toHash(this.#state)) this.#show(state)
  }

  /** A change by the user: shown, and written into the address. */
  #set(state: DecoderState): void {
    this.#show(state)
    if (!this.#syncs) return
    clearTimeout(this.#timer)
    const { pathname } = location
    this.#timer = setTimeout(() => {
      // A site may have put the address of its next page there while this one still stands.
      if (location.pathname === pathname) history.replaceState(history.state, '', `#${toHash(this.#state)}`)
    }, SYNC_MS)
  }

  #show(state: DecoderState): void {
    const before = this.#state
    this.#state = state
    this.#view = view(state)
    const { rows, at, now, was } = this.#view

    this.#arch.value = state.arch
    if (this.#text.value !== state.text) this.#text.value = state.text
    this.#text.rows = Math.max(1, Math.min(8, state.text.split('\n').length))
    if (before.arch !== state.arch || this.#levels.childElementCount === 0) {
      this.#showLevels()
      this.#showExamples()
    }
    const level = rows[at]?.level ?? state.level
    for (const input of this.#levels.querySelectorAll('input')) input.checked = input.value === level
    this.#showProblems()
    this.#list.update(this.#view, state.arch)
    this.#empty.hidden = now !== null
    this.#card.hidden = now === null
    if (now === null || was === null) return
    this.#report.update(now, was, rows[at]?.folded ?? null)
    this.#ruler.update(now, was)
    this.#fields.update(now, was)
    this.#undo.hidden = now.value === was.value
    this.#describe(null)
    const page = this.getAttribute('page')
    this.#open.hidden = page === null
    if (page !== null) setAttribute(this.#open, 'href', `${page}#${toHash(state)}`)
  }

  #showLevels(): void {
    const pills = coverage(formatOf(this.#state.arch)).map(([level, bytes]) =>
      h(
        'label',
        { class: 'pill' },
        h('input', { type: 'radio', name: 'level', value: level }),
        h('span', { class: 'level' }, level),
        h('span', { class: 'bytes' }, bytes),
      ),
    )
    this.#levels.replaceChildren(...pills.reverse())
  }

  #showExamples(): void {
    const examples = examplesFor(this.#state.arch)
    this.#examples.hidden = examples.length === 0
    const buttons = examples.map(({ name, level, text }) => {
      const button = h('button', { type: 'button' }, name)
      button.addEventListener('click', () =>
        this.#set({ arch: this.#state.arch, level, text, at: 0, edits: new Map() }),
      )
      return button
    })
    this.#examples.replaceChildren(h('span', { 'aria-hidden': 'true' }, 'Examples'), ...buttons)
  }

  #showProblems(): void {
    const { dump, cut } = this.#view
    const lines = dump.problems
      .slice(0, 3)
      .map(({ line, message }) => h('p', {}, `Line ${line}: ${message}.`))
    const more = dump.problems.length - lines.length
    if (more > 0)
      lines.push(h('p', {}, `And ${more} more ${more === 1 ? 'line' : 'lines'} without an entry.`))
    if (cut > 0)
      lines.push(h('p', {}, `Only the first ${MOST_ENTRIES} entries are shown; ${cut} more are not.`))
    const text = lines.map((line) => line.textContent).join('\n')
    if (this.#problems.dataset.text === text) return
    this.#problems.dataset.text = text
    this.#problems.replaceChildren(...lines)
  }

  #flip(bit: number): void {
    this.#set(withFlip(this.#state, bit))
    this.#describe(bit)
    if (this.#view.now) this.#live.textContent = announcement(this.#view.now, bit)
  }

  #remedy(remedy: Remedy): void {
    if (remedy.kind === 'flip') this.#flip(remedy.bit)
    else if (remedy.kind === 'level') this.#set(withLevel(this.#state, remedy.level))
    else this.#set(withArch(this.#state, offered(remedy.name) ?? this.#state.arch))
    // The button has gone with the refusal.
    this.#ruler.focus(remedy.kind === 'flip' ? remedy.bit : 0)
  }

  /** Names the bit under the pointer or the focus, and lights up its field everywhere. */
  #describe(bit: number | null): void {
    const field = bit === null ? undefined : this.#fieldAt(bit)
    for (const element of this.#card.querySelectorAll('[data-hot]')) element.removeAttribute('data-hot')
    this.#readout.replaceChildren()
    if (bit === null || field === undefined) return
    for (const element of this.#card.querySelectorAll(`[data-field="${field.shift}"]`))
      element.setAttribute('data-hot', '')
    const set = (((this.#view.now?.value ?? 0n) >> BigInt(bit)) & 1n) === 1n
    this.#readout.append(
      h('span', { class: 'at' }, `bit ${bit}`),
      ' ',
      h('code', {}, field.label),
      ` ${set ? 'set' : 'clear'}: ${field.meaning}`,
    )
  }

  #fieldAt(bit: number): Field | undefined {
    return this.#view.now?.fields.find(({ shift, width }) => bit >= shift && bit < shift + width)
  }

  async #copyLink(): Promise<void> {
    const link = new URL(this.getAttribute('page') ?? '', location.href)
    link.hash = toHash(this.#state)
    let said = 'Copied'
    try {
      await navigator.clipboard.writeText(link.href)
    } catch {
      // Not allowed here. With `sync` the address of the page is that link.
      if (this.#syncs) history.replaceState(history.state, '', link.href)
      said = this.#syncs ? 'It is in the address bar' : 'Not allowed here'
    }
    this.#copy.textContent = said
    this.#live.textContent = said
    setTimeout(() => {
      this.#copy.textContent = 'Copy link'
    }, 2000)
  }
}
