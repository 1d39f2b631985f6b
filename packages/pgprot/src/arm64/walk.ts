/**
 * The arm64 stage-1 walk: permissions, hierarchical limits, access flag and dirty state, and the syndrome (ESR).
 *
 * Arm ARM, chapter D8; fault status codes as `arch/arm64/include/asm/esr.h` [6.1] names them.
 * @module
 */
import type { Features, Geometry } from '../arch.ts'
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
import { PTE_AF, PTE_PXN_HI, PTE_RDONLY, PTE_TYPE_MASK, PTE_USER, PTE_UXN_HI, PTE_WRITE_HI } from './bits.ts'
import { ptePfn, ptePfn16k, ptePfn64k } from './granule.ts'

/** Exception classes of aborts at user privilege, `Walk.vector` of a fault; one more means the kernel's own. */
export const ESR_ELx_EC_IABT_LOW: number = 0x20
export const ESR_ELx_EC_DABT_LOW: number = 0x24
/** The store bit of a data abort's syndrome. */
export const ESR_ELx_WNR: number = 0x40
/** Fault status codes; the low two bits hold the architecture's level (3 is the PTE level). */
export const ESR_ELx_FSC_FAULT: number = 0x04
export const ESR_ELx_FSC_ACCESS: number = 0x08
export const ESR_ELx_FSC_PERM: number = 0x0c

const ESR_ELx_IL = 0x0200_0000

/** The state of the CPU that a walk depends on. */
export interface Arm64Cpu {
  /** TCR.HA: the hardware sets the access flag; else its absence faults. */
  readonly hwAccessed: boolean
  /** TCR.HD: a store through an entry with DBM clears RDONLY; else it faults. */
  readonly hwDirty: boolean
  /** PSTATE.PAN: the kernel's own loads and stores do not touch user pages. */
  readonly pan: boolean
  /** SCTLR.EPAN: PAN covers execute-only pages too. */
  readonly epan: boolean
  /** TCR.TBI: bits 56..63 of an address are ignored. Linux sets this for user addresses. */
  readonly tbi: boolean
}

/** A CPU with FEAT_HAFDBS, as Linux runs it. */
export const arm64Cpu: Arm64Cpu = /*#__PURE__*/ Object.freeze({
  hwAccessed: true,
  hwDirty: true,
  pan: false,
  epan: false,
  tbi: true,
})

/**
 * Walks the tables under `rootPfn` (that of TTBR0 or TTBR1, as bit 55 of the address says) for the address
 * `addressHi:addressLo` and fills in `out`; true when the access succeeds. The access flag and the dirty state change
 * only then. Stage 2, the contiguous hint, address size faults and POE are not looked at.
 */
export function walkArm64(
  geometry: Geometry & Pick<Features, 'maxLeafLevel'>,
  cpu: Arm64Cpu,
  tables: WalkTables,
  rootPfn: number,
  addressLo: number,
  addressHi: number,
  access: Access,
  out: Walk,
): boolean {
  const { lo, hi } = tables
  const { pageShift } = geometry
  const write = (access & ACCESS_WRITE) !== 0
  const fetch = (access & ACCESS_FETCH) !== 0
  const user = (access & ACCESS_USER) !== 0
  const ec = (fetch ? ESR_ELx_EC_IABT_LOW : ESR_ELx_EC_DABT_LOW) | (user ? 0 : 1)
  const syndrome = (ec << 26) | ESR_ELx_IL | (write ? ESR_ELx_WNR : 0)

  const half = addressHalf(geometry, cpu.tbi ? (addressHi << 8) >> 8 : addressHi)
  if (half !== 0 && half !== -1) return fault(out, syndrome >>> 26, syndrome | ESR_ELx_FSC_FAULT, -1, -1)
  const framePfn = pageShift === 12 ? ptePfn : pageShift === 14 ? ptePfn16k : ptePfn64k
  // Hierarchical limits, bits 59..62: PXNTable, UXNTable, APTable (no user access, no stores).
  let limits = 0
  let table = rootPfn
  for (let level = geometry.levels - 1; ; level--) {
    const slot = tables.slot(table, tableIndex(geometry, level, addressLo, addressHi))
    const l = slot < 0 ? 0 : lo[slot]!
    const type = l & PTE_TYPE_MASK
    const leaf = type === 3 ? level === 0 : type === 1 && level > 0 && level <= geometry.maxLeafLevel
    if (type !== 3 && !leaf) return stop(out, syndrome | ESR_ELx_FSC_FAULT, level, slot)
    const frame = framePfn(lo, hi, slot)
    const h = hi[slot]!
    if (!leaf) {
      limits |= h >>> 27
      table = frame
      continue
    }

    if ((l & PTE_AF) === 0 && !cpu.hwAccessed) {
      return stop(out, syndrome | ESR_ELx_FSC_ACCESS, level, slot)
    }
    const userPage = (l & PTE_USER) !== 0 && (limits & 4) === 0
    const userExec = (h & PTE_UXN_HI) === 0 && (limits & 2) === 0
    const dirtied = (l & PTE_RDONLY) !== 0 && cpu.hwDirty && (h & PTE_WRITE_HI) !== 0
    const writable = ((l & PTE_RDONLY) === 0 || dirtied) && (limits & 8) === 0
    let allowed: boolean
    if (fetch) {
      allowed = user ? userExec : (h & PTE_PXN_HI) === 0 && (limits & 1) === 0 && !(userPage && writable)
    } else {
      allowed = user ? userPage : !(cpu.pan && (userPage || (cpu.epan && userExec)))
      if (write && !writable) allowed = false
    }
    if (!allowed) return stop(out, syndrome | ESR_ELx_FSC_PERM, level, slot)

    const marked = (l | PTE_AF) & (write && dirtied ? ~PTE_RDONLY : -1)
    const updated = marked !== (l | 0)
    if (updated) lo[slot] = marked
    const size = 2 ** (geometry.shifts[level]! - pageShift)
    const pfn = frame - (frame % size) + pageWithin(geometry, level, addressLo, addressHi)
    return success(out, level, slot, pfn, updated)
  }
}

/** A fault whose status ends in the architecture's number of the level. */
function stop(out: Walk, syndrome: number, level: number, slot: number): false {
  return fault(out, syndrome >>> 26, syndrome | (3 - level), level, slot)
}
