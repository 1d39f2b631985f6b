/**
 * Any hot function on a bigint, and the protection helpers in that form. For edges, tests and words: each call
 * allocates. Values are taken modulo 2^64.
 * @module
 */
import type { EntryChange, PageTableArch } from './arch.ts'
import type { PgprotWarning } from './warning.ts'

/** The two halves of a value, each an array of one. */
export function toHalves(value: bigint): [lo: Uint32Array, hi: Uint32Array] {
  return [
    Uint32Array.of(Number(BigInt.asUintN(32, value))),
    Uint32Array.of(Number(BigInt.asUintN(32, value >> 32n))),
  ]
}

/** The value at index `i` of two halves. */
export function fromHalves(lo: Uint32Array, hi: Uint32Array, i: number): bigint {
  return (BigInt(hi[i]!) << 32n) | BigInt(lo[i]!)
}

/** What a predicate or a reader such as `pteWrite` or `ptePfn` says about a value: `ask(pteWrite, 0x67n)`. */
export function ask<T extends boolean | number>(
  question: (lo: Uint32Array, hi: Uint32Array, i: number) => T,
  value: bigint,
): T {
  return question(...toHalves(value), 0)
}

/** The value that a maker such as `pteMkwrite` makes of a value: `change(pteMkwrite, 0x25n)`. */
export function change(maker: EntryChange, value: bigint): bigint {
  const [lo, hi] = toHalves(value)
  maker(lo, hi, 0)
  return fromHalves(lo, hi, 0)
}

/** The entry for a frame and a protection: `entryFor(pfnPte, 0x123456, 0x25n)`. */
export function entryFor(store: PageTableArch['pfnPte'], pfn: number, prot: bigint): bigint {
  const [lo, hi] = toHalves(0n)
  store(lo, hi, 0, pfn, Number(BigInt.asUintN(32, prot)), Number(BigInt.asUintN(32, prot >> 32n)))
  return fromHalves(lo, hi, 0)
}

/** What `pteModify` or `pgprotModify` make of an old value and a new protection. */
export function modified(modify: PageTableArch['pteModify'], old: bigint, prot: bigint): bigint {
  return change((lo, hi, i) => {
    modify(lo, hi, i, Number(BigInt.asUintN(32, prot)), Number(BigInt.asUintN(32, prot >> 32n)))
  }, old)
}

/** The protection for VM flags below 2^53. Kernel: `vm_get_page_prot`. */
export function vmPageProt(arch: PageTableArch, vmFlags: bigint): bigint {
  return change((lo, hi, i) => arch.vmGetPageProt(Number(vmFlags), lo, hi, i), 0n)
}

/** The sixteen protections; index VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8. Kernel: `protection_map`. */
export function protectionMap({ protectionMapLo, protectionMapHi }: PageTableArch): bigint[] {
  return protectionMapLo.map((lo, i) => (BigInt(protectionMapHi[i]!) << 32n) | BigInt(lo))
}

/** Is the protection writable? */
export function isPgprotWritable(arch: PageTableArch, prot: bigint): boolean {
  return ask(arch.pgprotWritable, prot)
}

/** `null` for a read-only protection, else the warning. */
export function checkPgprotReadOnly(arch: PageTableArch, prot: bigint): PgprotWarning | null {
  return arch.assertPgprotReadOnly(...toHalves(prot), 0)
}
