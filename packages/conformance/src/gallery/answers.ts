/**
 * Hooks that break the contract itself.
 * @module
 */

import { type FaultContext, INSTALL_MKWRITE, INSTALL_UNCHECKED, INSTALL_YOUNG } from '@mm-model/core'
import { wrong } from './wrong.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

export function wrongAnswers(): WrongStrategy[] {
  let calls = 0
  let kept: FaultContext | null = null
  return [
    wrong('throws', 'contract', 'it throws for a store that met a read-only entry', {
      install: ({ mkwrite }) => {
        if (mkwrite) throw new RangeError('did not think of that')
        return INSTALL_MKWRITE
      },
    }),
    wrong('says-it-in-words', 'contract', 'it answers with a string', {
      install: () => 'writable' as unknown as number,
    }),
    wrong('promises', 'contract', 'it answers with a promise: somebody made the hook async', {
      install: () => Promise.resolve(INSTALL_MKWRITE) as unknown as number,
    }),
    wrong('answers-too-much', 'contract', 'it answers with a bit that means nothing', {
      install: () => INSTALL_MKWRITE | 64,
    }),
    wrong('unchecked-nothing', 'contract', 'it asks for no check of a right that it does not ask for', {
      install: () => INSTALL_UNCHECKED,
    }),
    wrong('unknown-after', 'contract', 'it answers what to do next with a number that means nothing', {
      afterReadOnly: () => 3,
      install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : 0),
    }),
    wrong('counts', 'contract', 'it decides by a counter: the same question gets two answers', {
      install: ({ mkwrite }) => (mkwrite || calls++ % 2 === 0 ? INSTALL_MKWRITE : 0),
    }),
    wrong('changes-its-context', 'contract', 'it tries to make the area writable by changing its context', {
      install: (context) => {
        try {
          ;(context as { vmFlags: number }).vmFlags = 0xff
        } catch {
          // Its author noticed that this throws, and silenced it.
        }
        return INSTALL_MKWRITE
      },
    }),
    wrong('keeps-its-context', 'contract', 'it compares with the context of the fault before', {
      install: (context) => {
        const before = kept?.pgoff
        kept = context
        return before === context.pgoff ? INSTALL_MKWRITE : INSTALL_MKWRITE & ~INSTALL_YOUNG
      },
    }),
  ]
}
