import { h, hex64, setAttribute } from './dom.ts'
import { readEntry } from './reading.ts'
import type { Row, View } from './state.ts'

/** All entries of a text, one chosen: a list box in one tab stop. */
export class EntryList {
  readonly element: HTMLElement
  #rows: readonly Row[] = []
  #arch = ''
  readonly #select: (at: number) => void

  constructor(select: (at: number) => void) {
    this.#select = select
    this.element = h('div', { class: 'list', role: 'listbox', 'aria-label': 'Entries found' })
    this.element.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest<HTMLElement>('[role=option]') : null
      if (option) this.#choose(Number(option.dataset.at))
    })
    this.element.addEventListener('keydown', (event) => {
      const at = this.#chosen()
      const last = this.#rows.length - 1
      const next = {
        ArrowUp: at - 1,
        ArrowDown: at + 1,
        Home: 0,
        End: last,
        PageUp: at - 10,
        PageDown: at + 10,
      }[event.key]
      if (next === undefined) return
      event.preventDefault()
      this.#choose(Math.max(0, Math.min(last, next)))
    })
  }

  update({ rows, at }: View, arch: string): void {
    this.element.hidden = rows.length < 2
    if (this.element.hidden) {
      this.element.replaceChildren()
    } else {
      const kept = arch === this.#arch && this.element.childElementCount === rows.length
      // Of a long list, only what changed is written again.
      if (!kept) this.element.replaceChildren(...rows.map((row, index) => optionOf(row, index, arch)))
      rows.forEach((row, index) => {
        const old = this.#rows[index]
        const same = old?.value === row.value && old.original === row.original && old.level === row.level
        if (kept && !(same && old.folded === row.folded))
          this.element.children[index]?.replaceWith(optionOf(row, index, arch))
        const option = this.element.children[index]
        if (option === undefined) return
        setAttribute(option, 'aria-selected', String(index === at))
        setAttribute(option, 'tabindex', index === at ? 0 : -1)
      })
    }
    this.#rows = rows
    this.#arch = arch
  }

  #chosen(): number {
    const option = this.element.querySelector<HTMLElement>('[aria-selected=true]')
    return Number(option?.dataset.at ?? 0)
  }

  #choose(at: number): void {
    this.#select(at)
    const option = this.element.children[at]
    if (option instanceof HTMLElement) option.focus()
  }
}

function optionOf({ level, value, original, folded }: Row, index: number, arch: string): HTMLElement {
  const { entry, error } = readEntry(arch, level, value)
  const edited = value !== original
  return h(
    'div',
    { role: 'option', 'data-at': index, 'data-error': error !== null, 'data-changed': edited },
    h('span', { class: 'level' }, folded ?? level),
    h('span', { class: 'value' }, hex64(value)),
    h(
      'span',
      { class: 'words' },
      ...(edited ? [h('em', {}, 'changed'), ' '] : []),
      entry?.text ?? refusal(error),
    ),
  )
}

function refusal(error: { readonly found: string; readonly expected: string } | null): string {
  return error ? `Not an entry of this level: found ${error.found}.` : ''
}
