/**
 * The strategies that the core is tested with; the packages that hold them are above the core.
 */

import {
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_WRITABLE_PROT,
  type WriteFaultContext,
  type WriteFaultStrategy,
} from '@mm-model/core'

function strategy(
  name: string,
  install: (context: WriteFaultContext) => number,
  carryOn = false,
): WriteFaultStrategy {
  return Object.freeze({ name, apiVersion: 1, carryOn, install })
}

const unlessMkwrite = (how: number) => (context: WriteFaultContext) =>
  context.mkwrite ? INSTALL_MKWRITE : how

export const mkwrite: WriteFaultStrategy = strategy('mkwrite', () => INSTALL_MKWRITE)
export const retry: WriteFaultStrategy = strategy('retry', unlessMkwrite(INSTALL_READ_ONLY))
export const insertWritable: WriteFaultStrategy = strategy(
  'insert-writable',
  unlessMkwrite(INSTALL_WRITABLE_PROT),
)
export const fallthrough: WriteFaultStrategy = strategy('fallthrough', unlessMkwrite(INSTALL_READ_ONLY), true)
