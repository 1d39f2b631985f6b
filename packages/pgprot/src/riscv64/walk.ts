/**
 * The riscv64 walk: permissions, reserved bits, accessed and dirty bits, and the cause.
 *
 * RISC-V privileged specification, "Virtual Address Translation Process", with Svnapot, Svpbmt, Svade, Svadu.
 * @module
 */
import type { Geometry } from '../arch.ts'
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  type Access,
  addressHalf,
  fault,
  pageWithin,
  success,
  tableIndex,
  type Walk,
  type WalkTables,
} from '../walk.ts'
import {
  _PAGE_ACCESSED,
  _PAGE_DIRTY,
  _PAGE_EXEC,
  _PAGE_LEAF,
  _PAGE_MTMASK_SVPBMT_HI,
  _PAGE_PRESENT,
  _PAGE_READ,
  _PAGE_USER,
  _PAGE_WRITE,
} from './bits.ts'
import { ptePfn } from './pte.ts'

/** Causes, `Walk.vector` and `Walk.code` of a fault. */
export const EXC_INST_PAGE_FAULT: number = 12
export const EXC_LOAD_PAGE_FAULT: number = 13
export const EXC_STORE_PAGE_FAULT: number = 15

/** How the CPU types memory by page. */
export type MemoryTypes = 'none' | 'svpbmt' | 'thead'

/** The state of the CPU that a walk depends on. */
export interface RiscvCpu {
  /** Svadu: the hardware sets A and D. Without it (Svade) their absence faults. */
  readonly svadu: boolean
  /** Svnapot: bit 63 of a PTE makes it one of sixteen that map 64 KiB. */
  readonly svnapot: boolean
  readonly memoryTypes: MemoryTypes
  /** sstatus.SUM: the kernel may load from and store to user pages. */
  readonly sum: boolean
  /** sstatus.MXR: executable pages are readable. */
  readonly mxr: boolean
}

/** A CPU with Svpbmt that leaves A and D to software. */
export const riscvCpu: RiscvCpu = /*#__PURE__*/ Object.freeze({
  svadu: false,
  svnapot: false,
  memoryTypes: 'svpbmt',
  sum: true,
  mxr: false,
})

const NAPOT_HI = 0x8000_0000

/**
 * Walks the tables under `rootPfn` for the address `addressHi:addressLo` and fills in `out`; true when the access
 * succeeds. Only then, and only with Svadu, are A and D written.
 */
export function walkRiscv(
  geometry: Geometry,
  cpu: RiscvCpu,
  tables: WalkTables,
  rootPfn: number,
  addressLo: number,
  addressHi: number,
  access: Access,
  out: Walk,
): boolean {
  const { lo, hi } = tables
  const write = (access & ACCESS_WRITE) !== 0
  const fetch = (access & ACCESS_FETCH) !== 0
  const user = (access & ACCESS_USER) !== 0
  const cause = fetch ? EXC_INST_PAGE_FAULT : write ? EXC_STORE_PAGE_FAULT : EXC_LOAD_PAGE_FAULT
  const half = addressHalf(geometry, addressHi)
  if (half !== 0 && half !== -1) return fault(out, cause, cause, -1, -1)

  let table = rootPfn
  for (let level = geometry.levels - 1; ; level--) {
    const slot = tables.slot(table, tableIndex(geometry, level, addressLo, addressHi))
    const l = slot < 0 ? 0 : lo[slot]!
    if ((l & _PAGE_PRESENT) === 0) return fault(out, cause, cause, level, slot)
    const h = hi[slot]!
    const leaf = (l & _PAGE_LEAF) !== 0
    if (malformed(cpu, l, h, level, leaf)) return fault(out, cause, cause, level, slot)
    const frame = ptePfn(lo, hi, slot)
    if (!leaf) {
      table = frame
      continue
    }

    const size = 2 ** (geometry.shifts[level]! - 12)
    const userPage = (l & _PAGE_USER) !== 0
    const readable = (l & _PAGE_READ) !== 0 || (cpu.mxr && (l & _PAGE_EXEC) !== 0)
    const right = fetch ? (l & _PAGE_EXEC) !== 0 : write ? (l & _PAGE_WRITE) !== 0 : readable
    const mode = user ? userPage : !userPage || (cpu.sum && !fetch)
    const marked = l | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0)
    const updated = marked !== (l | 0)
    const napot = (h & NAPOT_HI) !== 0 && cpu.memoryTypes !== 'thead'
    const misplaced = napot ? frame % 16 !== 8 : frame % size !== 0
    if (!right || !mode || misplaced || (updated && !cpu.svadu)) return fault(out, cause, cause, level, slot)

    if (updated) lo[slot] = marked
    const within = napot ? (addressLo >>> 12) & 15 : pageWithin(geometry, level, addressLo, addressHi)
    return success(out, level, slot, (napot ? frame - 8 : frame) + within, updated)
  }
}

/** A valid entry that the specification reserves: a fault whatever the access. */
function malformed(cpu: RiscvCpu, l: number, h: number, level: number, leaf: boolean): boolean {
  if ((l & (_PAGE_READ | _PAGE_WRITE)) === _PAGE_WRITE) return true
  if (cpu.memoryTypes === 'thead') {
    if ((h & 0x07c0_0000) !== 0) return true
  } else {
    const types = h & _PAGE_MTMASK_SVPBMT_HI
    if ((h & 0x1fc0_0000) !== 0 || types === _PAGE_MTMASK_SVPBMT_HI) return true
    if (types !== 0 && (!leaf || cpu.memoryTypes === 'none')) return true
    if ((h & NAPOT_HI) !== 0 && (!cpu.svnapot || !leaf || level > 0)) return true
  }
  return !leaf && (level === 0 || (l & (_PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)) !== 0)
}
