/**
 * What processors call a trap, read: the x86 error code, the arm64 syndrome, the riscv64 cause.
 * @module
 */

import { type ArchFamily, archByName } from '@mm-model/pgprot'
import {
  ESR_ELx_EC_IABT_LOW,
  ESR_ELx_FSC_ACCESS,
  ESR_ELx_FSC_FAULT,
  ESR_ELx_FSC_PERM,
  ESR_ELx_WNR,
} from '@mm-model/pgprot/arm64'
import { EXC_INST_PAGE_FAULT, EXC_STORE_PAGE_FAULT } from '@mm-model/pgprot/riscv64'
import {
  X86_PF_INSTR,
  X86_PF_PK,
  X86_PF_PROT,
  X86_PF_RSVD,
  X86_PF_USER,
  X86_PF_WRITE,
} from '@mm-model/pgprot/x86-64'

/** The trap that a fault began with. */
export interface Trap {
  readonly access: 'read' | 'write' | 'instruction fetch'
  /** Whether there was an entry; null where the processor does not say. */
  readonly entryPresent: boolean | null
  /** In words, as `write, no entry`. */
  readonly words: string
}

const READERS: Readonly<Record<ArchFamily, (code: number) => Trap>> = {
  'x86-64': readErrorCode,
  arm64: readSyndrome,
  riscv64: readCause,
}

/** Reads the `error` of an observed fault, a hex number, on the architecture of that name (x86-64 if there is none). */
export function readTrap(error: string, arch = 'x86-64'): Trap {
  return READERS[archByName(arch).family](Number(error))
}

/** arch/x86/include/asm/trap_pf.h, 6.1. */
function readErrorCode(code: number): Trap {
  const access = accessOf((code & X86_PF_WRITE) !== 0, (code & X86_PF_INSTR) !== 0)
  const entryPresent = (code & X86_PF_PROT) !== 0
  const words = [
    access,
    entryPresent ? 'entry present' : 'no entry',
    ...((code & X86_PF_RSVD) !== 0 ? ['reserved bit'] : []),
    ...((code & X86_PF_USER) === 0 ? ['by the kernel'] : []),
    ...((code & X86_PF_PK) !== 0 ? ['protection key'] : []),
  ]
  return { access, entryPresent, words: words.join(', ') }
}

/** Fault status codes without their level. */
const STATUS: ReadonlyMap<number, string> = new Map([
  [ESR_ELx_FSC_FAULT, 'no entry'],
  [ESR_ELx_FSC_ACCESS, 'entry present but old'],
  [ESR_ELx_FSC_PERM, 'entry present, permission'],
])

/** arch/arm64/include/asm/esr.h, 6.1. */
function readSyndrome(code: number): Trap {
  const access = accessOf((code & ESR_ELx_WNR) !== 0, code >>> 26 === ESR_ELx_EC_IABT_LOW)
  const status = code & 0x3c
  const words = `${access}, ${STATUS.get(status) ?? `status 0x${status.toString(16)}`}`
  return { access, entryPresent: status !== ESR_ELx_FSC_FAULT, words }
}

/** The cause says what was wanted, and not what was missing (arch/riscv/include/asm/csr.h, 6.1). */
function readCause(code: number): Trap {
  const access = accessOf(code === EXC_STORE_PAGE_FAULT, code === EXC_INST_PAGE_FAULT)
  return { access, entryPresent: null, words: access }
}

function accessOf(write: boolean, fetch: boolean): Trap['access'] {
  if (fetch) return 'instruction fetch'
  return write ? 'write' : 'read'
}
