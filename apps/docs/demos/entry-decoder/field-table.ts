import { h } from './dom.ts'
import type { Field, Reading } from './reading.ts'

/** The fields of an entry, one a row, the highest first. A single bit can be flipped here too. */
export class FieldTable {
  readonly element: HTMLElement
  readonly #body: HTMLElement

  constructor(flip: (bit: number) => void, describe: (bit: number | null) => void) {
    // Roles are spelled out because narrow screens lay the rows out as grids, which would take them away.
    const heads = ['Bits', 'Value', 'Name', 'Meaning'].map((name) =>
      h('th', { scope: 'col', role: 'columnheader' }, name),
    )
    this.#body = h('tbody', { role: 'rowgroup' })
    this.element = h(
      'table',
      { class: 'fields', role: 'table', 'aria-label': 'Fields' },
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
      this.#body,
    )
    this.#body.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest<HTMLElement>('button') : null
      if (button) flip(Number(button.dataset.flip))
    })
    this.#body.addEventListener('pointerover', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('tr') : null
      describe(row ? Number(row.dataset.field) : null)
    })
    this.#body.addEventListener('pointerleave', () => describe(null))
  }

  update(now: Reading, was: Reading): void {
    this.#body.replaceChildren(...now.fields.map((field) => rowOf(field, now, was)))
  }
}

function rowOf(field: Field, { error }: Reading, was: Reading): HTMLTableRowElement {
  const { shift, width, label, role, meaning, bits, shown } = field
  const before = BigInt.asUintN(width, was.value >> BigInt(shift))
  const refused = error?.bit !== undefined && error.bit >= shift && error.bit < shift + width
  // Reached with the pointer only: the ruler is where the keyboard flips bits, in one tab stop.
  const value =
    width === 1
      ? h(
          'button',
          {
            type: 'button',
            class: 'flip',
            tabindex: -1,
            'data-flip': shift,
            'aria-label': `flip bit ${shift}, ${label}`,
          },
          shown,
        )
      : h('span', { class: 'number' }, shown)
  return h(
    'tr',
    {
      role: 'row',
      'data-role': role,
      'data-field': shift,
      'data-set': bits !== 0n,
      'data-changed': bits !== before,
      'data-refused': refused,
    },
    h('td', { role: 'cell', class: 'bits' }, width === 1 ? `${shift}` : `${shift + width - 1}–${shift}`),
    h('td', { role: 'cell', class: 'value' }, value),
    h('td', { role: 'cell', class: 'label' }, label),
    h('td', { role: 'cell', class: 'meaning' }, meaning),
  )
}
