/** Names for addresses: the mapping that an address is in, and how far. */
import { SLOTS_END, SLOTS_START } from '../machine.ts'

const PAGE: bigint = 4096n

interface Span {
  readonly name: string
  readonly start: bigint
  length: bigint
}

/** What one process has mapped, the latest last. Places stay known after they are unmapped: faults there have a name. */
export class Places {
  readonly #spans: Span[]

  constructor(parent: Places | null = null) {
    this.#spans = parent === null ? [] : parent.#spans.map((span) => ({ ...span }))
  }

  /** A mapping was made, moved, or resized. */
  add(name: string, start: bigint, length: bigint): void {
    const known = this.#spans.find((span) => span.name === name && within(span, start))
    if (known === undefined) this.#spans.push({ name, start, length: length < PAGE ? PAGE : length })
    else if (start - known.start + length > known.length) known.length = start - known.start + length
  }

  /** Whether the address is the scenario's, and not the agent's own. */
  has(address: bigint): boolean {
    return (
      (address >= SLOTS_START && address < SLOTS_END) || this.#spans.some((span) => within(span, address))
    )
  }

  /** `m0+0x1008`, or the address itself where nothing of the scenario ever was. */
  name(address: bigint): string {
    const span = this.#spans.findLast((known) => within(known, address))
    return span === undefined ? hex(address) : `${span.name}+${hex(address - span.start)}`
  }
}

function within({ start, length }: Span, address: bigint): boolean {
  return address >= start && address < start + length
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}
