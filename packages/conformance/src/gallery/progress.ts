/**
 * Strategies that leave a store faulting for ever.
 * @module
 */

import {
  AFTER_CARRY_ON,
  AFTER_HINT,
  INSTALL_DIRTY,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_WRITABLE,
  INSTALL_YOUNG,
} from '@mm-model/core'
import { wrong } from './wrong.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

export function wrongProgress(): WrongStrategy[] {
  return [
    wrong('never-writable', 'progress', 'it installs read-only whatever met the store', {
      install: () => INSTALL_READ_ONLY,
    }),
    wrong(
      'no-upgrade',
      'progress',
      'it leaves an entry that is there alone, so a load before the store blocks it',
      {
        install: () => INSTALL_WRITABLE | INSTALL_DIRTY | INSTALL_YOUNG,
      },
    ),
    wrong('backwards', 'progress', 'it mixes up which fault met a read-only entry', {
      install: ({ mkwrite }) => (mkwrite ? INSTALL_READ_ONLY : INSTALL_MKWRITE),
    }),
    wrong('first-page-only', 'progress', 'it was tried with the first page of a file only', {
      install: ({ pgoff }) => (pgoff === 0 ? INSTALL_MKWRITE : INSTALL_READ_ONLY),
    }),
    wrong(
      'hints-for-ever',
      'progress',
      'it hints at a read-only entry, and installs another when asked again',
      {
        install: () => INSTALL_READ_ONLY,
        afterReadOnly: () => AFTER_HINT,
      },
    ),
    wrong('carries-on-for-ever', 'progress', 'it carries on, and then installs read-only again', {
      install: () => INSTALL_READ_ONLY,
      afterReadOnly: () => AFTER_CARRY_ON,
    }),
  ]
}
