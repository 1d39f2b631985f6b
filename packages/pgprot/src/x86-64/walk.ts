/**
 * The x86-64 page walk: permissions, reserved bits, protection keys, accessed and dirty bits, and the error code.
 *
 * Intel SDM volume 3, chapter 4 (4.5 to 4.8); error-code bits as in `arch/x86/include/asm/trap_pf.h` [6.1].
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
  _PAGE_PRESENT,
  _PAGE_PSE,
  _PAGE_RW,
  _PAGE_USER,
  PTE_PFN_MASK_HI,
} from './bits.ts'

/** Bits of the #PF error code. */
export const X86_PF_PROT: number = 0x1
export const X86_PF_WRITE: number = 0x2
export const X86_PF_USER: number = 0x4
export const X86_PF_RSVD: number = 0x8
export const X86_PF_INSTR: number = 0x10
export const X86_PF_PK: number = 0x20

/** `Walk.vector` of an address that is not canonical: general protection. */
export const X86_TRAP_GP: number = 13
/** `Walk.vector` of a page fault; `Walk.code` is its error code. */
export const X86_TRAP_PF: number = 14

/** The state of the CPU that a walk depends on. */
export interface X86Cpu {
  /** CR0.WP: supervisor stores obey read-only entries. */
  readonly writeProtect: boolean
  /** CR4.SMEP: the supervisor does not execute user pages. */
  readonly smep: boolean
  /** CR4.SMAP with EFLAGS.AC clear: the supervisor does not touch user pages. */
  readonly smap: boolean
  /** EFER.NXE: bit 63 means no execution; else it is reserved. */
  readonly nx: boolean
  /** 1 GiB leaves. */
  readonly gbPages: boolean
  /** MAXPHYADDR, 32..52: frame bits above it are reserved. */
  readonly physBits: number
  /** CR4.PKE: the PKRU register, two bits a key (access disable, write disable); 0 allows everything. */
  readonly pkru: number
}

/** What Linux runs with on a recent CPU, in user mode or a kernel that may touch user pages. */
export const x86Cpu: X86Cpu = /*#__PURE__*/ Object.freeze({
  writeProtect: true,
  smep: true,
  smap: false,
  nx: true,
  gbPages: true,
  physBits: 52,
  pkru: 0,
})

/** Reserved low bits of a leaf by level: 13..20 of a 2 MiB one, 13..29 of a 1 GiB one. */
const RESERVED_LO: readonly number[] = [0, 0x001f_e000, 0x3fff_e000]

/**
 * Walks the tables under `rootPfn` for the address `addressHi:addressLo` and fills in `out`; true when the access
 * succeeds. Only then are accessed and dirty bits written, which a real CPU may do earlier in upper tables.
 */
export function walkX86(
  geometry: Geometry,
  cpu: X86Cpu,
  tables: WalkTables,
  rootPfn: number,
  addressLo: number,
  addressHi: number,
  access: Access,
  out: Walk,
): boolean {
  const half = addressHalf(geometry, addressHi)
  if (half !== 0 && half !== -1) return fault(out, X86_TRAP_GP, 0, -1, -1)
  const { lo, hi } = tables
  const write = (access & ACCESS_WRITE) !== 0
  const fetch = (access & ACCESS_FETCH) !== 0
  const user = (access & ACCESS_USER) !== 0
  let code = (write ? X86_PF_WRITE : 0) | (user ? X86_PF_USER : 0)
  if (fetch && (cpu.nx || cpu.smep)) code |= X86_PF_INSTR
  const reservedHi = (PTE_PFN_MASK_HI & -(2 ** (cpu.physBits - 32))) | (cpu.nx ? 0 : 0x8000_0000)

  // Rights are the AND of all levels, no execution the OR.
  let rights = _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED
  let noExec = 0
  let table = rootPfn
  for (let level = geometry.levels - 1; ; level--) {
    const slot = tables.slot(table, tableIndex(geometry, level, addressLo, addressHi))
    const l = slot < 0 ? 0 : lo[slot]!
    if ((l & _PAGE_PRESENT) === 0) return fault(out, X86_TRAP_PF, code, level, slot)
    const h = hi[slot]!
    const large = level > 0 && (l & _PAGE_PSE) !== 0
    const noLarge = level > 2 || (level === 2 && !cpu.gbPages)
    if ((h & reservedHi) !== 0 || (large && (noLarge || (l & RESERVED_LO[level]!) !== 0))) {
      return fault(out, X86_TRAP_PF, code | X86_PF_PROT | X86_PF_RSVD, level, slot)
    }
    // The accessed bit of the leaf itself is looked at below.
    if (level > 0 && !large) {
      rights &= l
      noExec |= h
      table = (h & PTE_PFN_MASK_HI) * 0x10_0000 + (l >>> 12)
      continue
    }

    const upperOld = (rights & _PAGE_ACCESSED) === 0
    rights &= l
    noExec |= h
    const userPage = (rights & _PAGE_USER) !== 0
    let denied = user ? !userPage : userPage && (fetch ? cpu.smep : cpu.smap)
    if (write && (rights & _PAGE_RW) === 0 && (user || cpu.writeProtect)) denied = true
    if (fetch && noExec >>> 31 !== 0) denied = true
    if (userPage && !fetch) {
      const key = cpu.pkru >>> (2 * ((h >>> 27) & 15))
      if ((key & 1) !== 0 || (write && (key & 2) !== 0 && (user || cpu.writeProtect))) {
        denied = true
        code |= X86_PF_PK
      }
    }
    if (denied) return fault(out, X86_TRAP_PF, code | X86_PF_PROT, level, slot)

    const marked = l | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0)
    if (marked !== (l | 0)) lo[slot] = marked
    if (upperOld) markTables(geometry, tables, rootPfn, addressLo, addressHi, level)
    const within = pageWithin(geometry, level, addressLo, addressHi)
    const first = (h & PTE_PFN_MASK_HI) * 0x10_0000 + (l >>> 12)
    const pfn = level === 0 ? first : first - (first % 2 ** (geometry.shifts[level]! - 12)) + within
    return success(out, level, slot, pfn, upperOld || marked !== (l | 0))
  }
}

/** Sets the accessed bit in every table pointer above `leafLevel`; the walk has found them all present. */
function markTables(
  geometry: Geometry,
  tables: WalkTables,
  rootPfn: number,
  addressLo: number,
  addressHi: number,
  leafLevel: number,
): void {
  const { lo, hi } = tables
  let table = rootPfn
  for (let level = geometry.levels - 1; level > leafLevel; level--) {
    const slot = tables.slot(table, tableIndex(geometry, level, addressLo, addressHi))
    table = (hi[slot]! & PTE_PFN_MASK_HI) * 0x10_0000 + (lo[slot]! >>> 12)
    lo[slot]! |= _PAGE_ACCESSED
  }
}
