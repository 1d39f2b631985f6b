/** Names for frames, so that sharing, copying and reuse show while numbers that mean nothing do not. */
import { isPmemFrame } from '../machine.ts'

/** Bits 12 to 51 of an entry. */
const FRAME_BITS: bigint = 0x000ffffffffff000n

export function frameOf(entry: bigint): bigint {
  return (entry & FRAME_BITS) >> 12n
}

/** The entry in hex, without its frame. */
export function flagsOf(entry: bigint): string {
  return `0x${(entry & ~FRAME_BITS).toString(16)}`
}

/** The frames of one scenario, numbered by first appearance among those of their kind. */
export class Frames {
  readonly #names = new Map<bigint, string>()
  readonly #counts = { pmem: 0, ram: 0 }
  readonly #zero: bigint | null

  /** @param zero The frame of the zero page, if it is known. */
  constructor(zero: bigint | null) {
    this.#zero = zero
  }

  name(frame: bigint): string {
    const known = this.#names.get(frame)
    if (known !== undefined) return known
    if (frame === this.#zero) return 'zero'
    const kind = isPmemFrame(frame) ? 'pmem' : 'ram'
    const name = `${kind}#${this.#counts[kind]++}`
    this.#names.set(frame, name)
    return name
  }

  /**
   * The frame that an entry maps. Recordings call every huge page in RAM `hugezero` that has not been seen in small
   * pages before, the huge pages of anonymous memory too: the entry's flags tell them apart, as only those are dirty.
   */
  nameOfEntry(entry: bigint, level: number): string {
    const frame = frameOf(entry)
    const huge = level === 2 && !isPmemFrame(frame) && !this.#names.has(frame)
    return huge ? 'hugezero' : this.name(frame)
  }
}
