/**
 * The profile that goes with each architecture's entries.
 * @module
 */

import type { ArchFamily, PageTableArch } from '@mm-model/pgprot'
import { arm64MachineArch } from './arm64.ts'
import type { MachineArch } from './machine-arch.ts'
import { riscvMachineArch } from './riscv64.ts'
import { x86MachineArch } from './x86-64.ts'

const PROFILES: Readonly<Record<ArchFamily, (arch: PageTableArch) => MachineArch>> = {
  'x86-64': x86MachineArch,
  arm64: arm64MachineArch,
  riscv64: riscvMachineArch,
}

/** What a machine with these entries has besides them. */
export function machineArchOf(arch: PageTableArch): MachineArch {
  return PROFILES[arch.family](arch)
}
