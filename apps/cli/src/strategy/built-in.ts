import { kernelByName, type WriteFaultStrategy } from '@mm-model/core'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'

/** The strategies that are built, in the order of the discussion: before the change, what was proposed, Linux as it is. */
export const BUILT_IN: readonly WriteFaultStrategy[] = [
  retry,
  insertWritable,
  fallthrough,
  readonlyHint,
  mkwrite,
  deferredMtime,
]

/** What a kernel itself follows. */
export function ownStrategy(kernel: string): WriteFaultStrategy {
  const { strategy: own } = kernelByName(kernel)
  return BUILT_IN.find(({ name }) => name === own)!
}
