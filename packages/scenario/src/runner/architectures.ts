/**
 * The architectures a scenario can run on.
 * @module
 */

import { type KernelProfile, MachineError } from '@mm-model/core'
import { archByName, type PageTableArch } from '@mm-model/pgprot'

/** What recordings are of, and what a run is on when nothing else is said. */
export const DEFAULT_ARCH = 'x86-64'

/**
 * Entries of that name as the kernel has them.
 * @throws MachineError BAD_CONFIGURATION for one that is not built for this kernel
 */
export function architecture(kernel: KernelProfile, name: string): PageTableArch {
  if (name === DEFAULT_ARCH) return kernel.x86Arch
  if (kernel.otherArchs.includes(name)) return archByName(name)
  throw new MachineError('BAD_CONFIGURATION', {
    found: `the architecture ${name} with kernel ${kernel.name}`,
    expected: `one that is built for it: ${[DEFAULT_ARCH, ...kernel.otherArchs].join(', ')}`,
    remedy: 'choose one of these',
  })
}
