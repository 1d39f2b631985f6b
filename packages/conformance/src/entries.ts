/**
 * What observed entries say, whatever the architecture.
 * @module
 */

import { kernelByName } from '@mm-model/core'
import { archByName, ask, type PageTableArch } from '@mm-model/pgprot'
import type { OperationObservation, PteObservation } from '@mm-model/scenario'
import type { KitMachine } from './combination.ts'

/** The entries of the machine's architecture and kernel. */
export function archOf({ kernel, arch }: KitMachine): PageTableArch {
  return arch === 'x86-64' ? kernelByName(kernel).x86Arch : archByName(arch)
}

export function isWritable(arch: PageTableArch, { level, flags }: PteObservation): boolean {
  return ask(level === 2 ? arch.pmdWrite : arch.pteWrite, BigInt(flags))
}

export function isSoftDirty(arch: PageTableArch, { level, flags }: PteObservation): boolean {
  return ask(level === 2 ? arch.pmdSoftDirty : arch.pteSoftDirty, BigInt(flags))
}

/** `m+0x1000 4 KiB pmem#1 writable`, for each entry. */
export function rightsOf(arch: PageTableArch, { ptes }: OperationObservation): string {
  return ptes
    .map((pte) => {
      const rights = isWritable(arch, pte) ? 'writable' : 'read-only'
      return `${pte.at} ${pte.level === 2 ? '2 MiB' : '4 KiB'} ${pte.frame} ${rights}`
    })
    .join(', ')
}
