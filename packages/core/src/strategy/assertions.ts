/**
 * What the discussion of 2016 asked a strategy to assert.
 * @module
 */

import { VM_SHARED, VM_WRITE } from '../vm-flags.ts'
import type { StrategyAssertion } from './contract.ts'

/** "What guarantees that the area is VM_WRITE and VM_SHARED?" */
export const ASSERT_SHARED_WRITABLE: StrategyAssertion = /*#__PURE__*/ Object.freeze({
  name: 'the area is VM_WRITE and VM_SHARED',
  holds: ({ vmFlags }) => (vmFlags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED),
} satisfies StrategyAssertion)

/** "Should it warn when the starting protection is not read-only?" */
export const ASSERT_READ_ONLY_START: StrategyAssertion = /*#__PURE__*/ Object.freeze({
  name: 'the starting protection (vm_page_prot) is read-only',
  holds: ({ protWritable }) => !protWritable,
} satisfies StrategyAssertion)

/** An assertion that did not hold, and how often; the first time is what `WARN_ON_ONCE` would print. */
export interface StrategyWarning {
  readonly strategy: string
  readonly assertion: string
  /** Page index in the file of the first fault, and `VM_*` of its area. */
  readonly pgoff: number
  readonly vmFlags: number
  times: number
}
