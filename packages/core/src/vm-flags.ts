/**
 * `vm_flags` of an area (include/linux/mm.h, 6.1). Values are facts of the kernel's ABI with itself: they are what
 * recordings print as `vmFlags`. Only the low 32 bits are modelled; protection keys (bits 32–35) are not.
 * @module
 */

import { MAP_LOCKED, MAP_SYNC } from './syscall-flags.ts'

export const VM_READ: number = 0x1
export const VM_WRITE: number = 0x2
export const VM_EXEC: number = 0x4
export const VM_SHARED: number = 0x8
export const VM_MAYREAD: number = 0x10
export const VM_MAYWRITE: number = 0x20
export const VM_MAYEXEC: number = 0x40
export const VM_MAYSHARE: number = 0x80
export const VM_GROWSDOWN: number = 0x100
export const VM_PFNMAP: number = 0x400
export const VM_LOCKED: number = 0x2000
export const VM_IO: number = 0x4000
export const VM_DONTCOPY: number = 0x20000
export const VM_DONTEXPAND: number = 0x40000
export const VM_ACCOUNT: number = 0x100000
export const VM_NORESERVE: number = 0x200000
/** `MAP_SYNC` was asked for (4.15 and later). */
export const VM_SYNC: number = 0x800000
export const VM_WIPEONFORK: number = 0x2000000
export const VM_DONTDUMP: number = 0x4000000
/** Set on every new area when soft-dirty tracking is built in, as on the recorded kernels. */
export const VM_SOFTDIRTY: number = 0x8000000
export const VM_MIXEDMAP: number = 0x10000000
export const VM_HUGEPAGE: number = 0x20000000
export const VM_NOHUGEPAGE: number = 0x40000000

export const VM_ACCESS_FLAGS: number = VM_READ | VM_WRITE | VM_EXEC
/** Areas that are never merged (include/linux/mm.h: VM_SPECIAL). */
export const VM_SPECIAL: number = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP

/** A private mapping that may become writable (include/linux/mm.h: is_cow_mapping, 6.1). */
export function isCowMapping(vmFlags: number): boolean {
  return (vmFlags & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE
}

/** `VM_READ|VM_WRITE|VM_EXEC` from `PROT_*` (include/linux/mman.h: calc_vm_prot_bits, 6.1). */
export function calcVmProtBits(prot: number): number {
  return prot & (VM_READ | VM_WRITE | VM_EXEC)
}

/** `VM_*` from `MAP_*` (include/linux/mman.h: calc_vm_flag_bits, 6.1); `MAP_GROWSDOWN` is not modelled. */
export function calcVmFlagBits(flags: number): number {
  return ((flags & MAP_LOCKED) !== 0 ? VM_LOCKED : 0) | ((flags & MAP_SYNC) !== 0 ? VM_SYNC : 0)
}
