/**
 * Names for what a run shows as numbers: places in mappings, and frames by order of appearance.
 * @module
 */

import { type Machine, ZERO_PFN } from '@mm-model/core'
import type { PageTableArch } from '@mm-model/pgprot'

/** A range that a mapping name has meant; the last one that covers an address gives it its name. */
interface Span {
  readonly name: string
  readonly base: number
  length: number
}

/** `m0+0x1000` for addresses, by every range that a name has ever meant in the scenario. */
export class Places {
  readonly #spans: Span[] = []

  add(name: string, base: number, length: number): void {
    this.#spans.push({ name, base, length: Math.max(length, 4096) })
  }

  /** A mapping grew where it is: every range of that name is at least this long. */
  grow(name: string, length: number): void {
    for (const span of this.#spans) if (span.name === name) span.length = Math.max(span.length, length)
  }

  isKnown(address: number): boolean {
    return this.#find(address) !== undefined
  }

  name(address: number): string {
    const span = this.#find(address)
    return span === undefined ? hex(address) : `${span.name}+${hex(address - span.base)}`
  }

  #find(address: number): Span | undefined {
    return this.#spans.findLast(({ base, length }) => base <= address && address < base + length)
  }
}

/**
 * Labels of frames: `zero`, `hugezero`, `pmem#n`, `ram#n`, numbered by first appearance. The number that stands in an
 * entry's frame field is labelled as it is, so a frame inverted against L1TF counts as one of its own, as in
 * recordings.
 */
export class Frames {
  readonly #machine: Machine
  readonly #labels: Map<number, string> = new Map()
  #pmem = 0
  #ram = 0

  constructor(machine: Machine) {
    this.#machine = machine
  }

  label(pfn: number, level: number): string {
    const known = this.#labels.get(pfn)
    if (known !== undefined) return known
    if (pfn === ZERO_PFN) return 'zero'
    const isPmem = this.#machine.memory.isPmem(pfn)
    if (level === 2 && !isPmem) return 'hugezero'
    const label = isPmem ? `pmem#${this.#pmem++}` : `ram#${this.#ram++}`
    this.#labels.set(pfn, label)
    return label
  }
}

/** `0x` and lower-case digits. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}

/** Two halves as one number in hex. */
export function hex64(lo: number, hi: number): string {
  return hi === 0 ? hex(lo) : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`
}

/** Prints entries without their frame number. */
export class EntryBits {
  readonly #keepLo: number
  readonly #keepHi: number

  constructor(arch: PageTableArch) {
    // The bits that differ between a present entry of the first frame and one of the last.
    const lo = new Uint32Array(2)
    const hi = new Uint32Array(2)
    const [protLo, protHi] = [arch.protectionMapLo[1]!, arch.protectionMapHi[1]!]
    arch.pfnPte(lo, hi, 0, 0, protLo, protHi)
    arch.pfnPte(lo, hi, 1, 2 ** arch.pfnBits - 1, protLo, protHi)
    this.#keepLo = ~(lo[0]! ^ lo[1]!)
    this.#keepHi = ~(hi[0]! ^ hi[1]!)
  }

  print(lo: number, hi: number): string {
    return hex64((lo & this.#keepLo) >>> 0, (hi & this.#keepHi) >>> 0)
  }
}
