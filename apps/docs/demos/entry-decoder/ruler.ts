import { h, setAttribute } from './dom.ts'
import type { Field, Reading } from './reading.ts'

/** Bits whose cell begins a row: of 16 bits on narrow screens, of 32 on wide ones. */
const ROW_STARTS: readonly number[] = [63, 47, 31, 15]
/** Roughly, in pixels: a letter of a name, a cell on a narrow screen, and at its narrowest. */
const LETTER = 6.2
const CELL = 20
const LEAST_CELL = 15

/** The 64 bits of an entry as buttons, the highest first, in their fields. One of them is a tab stop. */
export class Ruler {
  readonly element: HTMLElement
  readonly #cells: readonly HTMLButtonElement[]
  readonly #digits: readonly HTMLElement[]
  #stop = 0

  /** `describe` gets the bit that the pointer or the focus is at, or `null`. */
  constructor(flip: (bit: number) => void, describe: (bit: number | null) => void) {
    // Index 0 is bit 63.
    this.#cells = Array.from({ length: 64 }, (_, index) =>
      h(
        'button',
        { type: 'button', class: 'cell', 'data-bit': 63 - index },
        h('span', { class: 'bit' }),
        h('span', { class: 'bar' }),
        h('span', { class: 'name' }),
      ),
    )
    this.#digits = Array.from({ length: 16 }, () => h('span', { class: 'digit' }))
    this.element = h('div', { class: 'ruler', role: 'toolbar', 'aria-label': 'Bits 63 to 0' })
    this.#digits.forEach((digit, nibble) => {
      const head = h(
        'div',
        { class: 'head', 'aria-hidden': 'true' },
        digit,
        h('span', { class: 'at' }, `${60 - 4 * nibble}`),
      )
      const cells = h('div', { class: 'cells' }, ...this.#cells.slice(4 * nibble, 4 * nibble + 4))
      this.element.append(h('div', { class: 'nibble' }, head, cells))
    })
    this.#moveStop(0)

    this.element.addEventListener('click', ({ target }) => {
      const bit = bitOf(target)
      if (bit === null) return
      this.#moveStop(bit)
      flip(bit)
    })
    this.element.addEventListener('keydown', (event) => {
      const next = this.#destination(event)
      if (next === null) return
      event.preventDefault()
      this.focus(next)
    })
    this.element.addEventListener('focusin', ({ target }) => {
      const bit = bitOf(target)
      if (bit !== null) this.#moveStop(bit)
      describe(bit)
    })
    this.element.addEventListener('focusout', () => describe(null))
    this.element.addEventListener('pointerover', ({ target }) => describe(bitOf(target)))
    this.element.addEventListener('pointerleave', () => describe(this.#focused()))
  }

  update(now: Reading, was: Reading): void {
    const refused = now.error?.bit
    for (const field of now.fields) {
      for (let bit = field.shift; bit < field.shift + field.width; bit++) {
        const cell = this.#cell(bit)
        const set = isSet(now, bit)
        const changed = set !== isSet(was, bit)
        const [value, , name] = cell.children
        if (value) value.textContent = set ? '1' : '0'
        if (name) name.textContent = nameAt(field, bit)
        setAttribute(cell, 'data-name', nameStyle(field))
        setAttribute(cell, 'data-again', !isFirst(field, bit) && ROW_STARTS.includes(bit) ? bit : null)
        setAttribute(cell, 'aria-pressed', String(set))
        setAttribute(cell, 'aria-label', labelOf(field, bit, changed))
        setAttribute(cell, 'data-role', field.role)
        setAttribute(cell, 'data-field', field.shift)
        setAttribute(cell, 'data-first', isFirst(field, bit))
        setAttribute(cell, 'data-last', bit === field.shift)
        setAttribute(cell, 'data-changed', changed)
        setAttribute(cell, 'data-refused', bit === refused)
      }
    }
    this.#digits.forEach((digit, nibble) => {
      const nibbleOf = (value: bigint): bigint => (value >> BigInt(60 - 4 * nibble)) & 15n
      digit.textContent = nibbleOf(now.value).toString(16)
      setAttribute(digit, 'data-changed', nibbleOf(now.value) !== nibbleOf(was.value))
    })
  }

  focus(bit: number): void {
    this.#moveStop(bit)
    this.#cell(bit).focus()
  }

  #cell(bit: number): HTMLButtonElement {
    return this.#cells[63 - bit]!
  }

  #focused(): number | null {
    const root = this.element.getRootNode()
    return root instanceof ShadowRoot ? bitOf(root.activeElement) : null
  }

  /** Makes a bit the one tab stop. */
  #moveStop(bit: number): void {
    this.#cell(this.#stop).tabIndex = -1
    this.#stop = bit
    for (const cell of this.#cells) if (cell.tabIndex !== -1) cell.tabIndex = -1
    this.#cell(bit).tabIndex = 0
  }

  /** Where a key leads, or `null` for keys that lead nowhere. */
  #destination({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): number | null {
    if (altKey || metaKey) return null
    const at = this.#stop
    const row = 4 * getComputedStyle(this.element).gridTemplateColumns.split(' ').length
    const last = Math.floor(at / row) * row
    const inside = (bit: number): number => (bit < 0 || bit > 63 ? at : bit)
    if (key === 'ArrowLeft') return inside(at + 1)
    if (key === 'ArrowRight') return inside(at - 1)
    if (key === 'ArrowUp') return inside(at + row)
    if (key === 'ArrowDown') return inside(at - row)
    if (key === 'Home') return ctrlKey ? 63 : last + row - 1
    if (key === 'End') return ctrlKey ? 0 : last
    return null
  }
}

/** A field's name stands at its highest bit, and again where it goes on in the next row. */
function nameAt(field: Field, bit: number): string {
  const { width, label, role } = field
  // Names of bits that mean nothing are left out where there is no room for them.
  if (role === 'none' && label.length * LETTER > Math.min(width, (bit % 16) + 1) * LEAST_CELL) return ''
  const short = label.replace(/^_?(?:PAGE|PTE|PMD)_/, '')
  return isFirst(field, bit) || ROW_STARTS.includes(bit) ? short : ''
}

function isFirst({ shift, width }: Field, bit: number): boolean {
  return bit === shift + width - 1
}

function nameStyle({ width, label }: Field): 'across' | 'down' {
  return width > 1 && label.length * LETTER <= width * CELL ? 'across' : 'down'
}

function labelOf({ label, shift, width, meaning }: Field, bit: number, changed: boolean): string {
  const within = width > 1 ? `, bits ${shift + width - 1} to ${shift}` : ''
  return `bit ${bit}, ${label}${within}, ${meaning}${changed ? ', changed' : ''}`
}

function isSet({ value }: Reading, bit: number): boolean {
  return ((value >> BigInt(bit)) & 1n) === 1n
}

function bitOf(target: EventTarget | null): number | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('.cell') : null
  return cell ? Number(cell.dataset.bit) : null
}
