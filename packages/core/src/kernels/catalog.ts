/**
 * Every kernel that is built, by name.
 * @module
 */

import { MachineError } from '../errors.ts'
import type { KernelProfile } from '../profile.ts'
import { kernel45 } from './linux-4.5.ts'
import { kernel61 } from './linux-6.1.ts'
import { kernel612 } from './linux-6.12.ts'

const KERNELS: readonly KernelProfile[] = [kernel61, kernel612, kernel45]

/** The names that `kernelByName` knows, the recorded reference first. */
export const kernelNames: readonly string[] = /*#__PURE__*/ Object.freeze(
  /*#__PURE__*/ KERNELS.map((kernel) => kernel.name),
)

/** The kernel of that name. @throws MachineError BAD_CONFIGURATION for one that is not built */
export function kernelByName(name: string): KernelProfile {
  const kernel = KERNELS.find((candidate) => candidate.name === name)
  if (kernel !== undefined) return kernel
  throw new MachineError('BAD_CONFIGURATION', {
    found: `the kernel ${name}`,
    expected: `one that is built: ${kernelNames.join(', ')}`,
    remedy: 'choose one of these',
  })
}
