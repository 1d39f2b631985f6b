/**
 * A second implementation of a hot function, on bigints. It is written from the kernel's definition, not from ours,
 * and it is slow and plain.
 */
export type Twin =
  | { readonly kind: 'test'; readonly of: (entry: bigint) => boolean }
  | { readonly kind: 'make'; readonly of: (entry: bigint) => bigint }
  | { readonly kind: 'number'; readonly of: (entry: bigint) => bigint }
  | { readonly kind: 'modify'; readonly of: (entry: bigint, prot: bigint) => bigint }
  | { readonly kind: 'frame'; readonly bits: number; readonly of: (pfn: bigint, prot: bigint) => bigint }
  | { readonly kind: 'table'; readonly bits: number; readonly of: (pfn: bigint) => bigint }
  | { readonly kind: 'swap'; readonly bits: number; readonly of: (type: bigint, offset: bigint) => bigint }
  | { readonly kind: 'vmflags'; readonly of: (vmFlags: bigint) => bigint }
  | { readonly kind: 'same'; readonly of: (one: bigint, other: bigint) => boolean }

/** Twins by the name of our function. */
export type Twins = Readonly<Record<string, Twin>>

const ALL = 0xffff_ffff_ffff_ffffn

/** The bits `from`..`to`. */
export function bits(from: number, to: number = from): bigint {
  return ((1n << BigInt(to - from + 1)) - 1n) << BigInt(from)
}

/** True when any of the bits of `mask` is set. */
export function any(mask: bigint): Twin {
  return { kind: 'test', of: (entry) => (entry & mask) !== 0n }
}

export function none(mask: bigint): Twin {
  return { kind: 'test', of: (entry) => (entry & mask) === 0n }
}

/** True when `masked` bits have exactly the value `value`. */
export function exactly(mask: bigint, value: bigint): Twin {
  return { kind: 'test', of: (entry) => (entry & mask) === value }
}

export function set(mask: bigint): Twin {
  return { kind: 'make', of: (entry) => entry | mask }
}

export function clear(mask: bigint): Twin {
  return { kind: 'make', of: (entry) => entry & ~mask & ALL }
}

export function make(of: (entry: bigint) => bigint): Twin {
  return { kind: 'make', of: (entry) => of(entry) & ALL }
}

export function test(of: (entry: bigint) => boolean): Twin {
  return { kind: 'test', of }
}

export function number(of: (entry: bigint) => bigint): Twin {
  return { kind: 'number', of }
}

export function modify(of: (entry: bigint, prot: bigint) => bigint): Twin {
  return { kind: 'modify', of: (entry, prot) => of(entry, prot) & ALL }
}

export const same: Twin = { kind: 'same', of: (one, other) => one === other }

/** The protection map by words: private entries are read-only, index bits are R, W, X, shared. */
export function mapTwin(map: readonly bigint[], more: (vmFlags: bigint) => bigint = () => 0n): Twin {
  return { kind: 'vmflags', of: (vmFlags) => map[Number(vmFlags & 15n)]! | more(vmFlags) }
}
