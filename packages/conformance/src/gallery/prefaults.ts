/**
 * Strategies that save the store's fault by making entries writable when they are loaded: nobody asked the file system.
 * @module
 */

import {
  INSTALL_DIRTY,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_UNCHECKED,
  INSTALL_WRITABLE,
  type StrategyDefinition,
  VM_SHARED,
} from '@mm-model/core'
import { wrong } from './wrong.ts'
import type { WrongStrategy } from './wrong-strategies.ts'

/** Installs loaded pages of shared areas as `how` says, the zero page excepted; with `page` only that page of the file. */
function loadedAs(how: number, page?: number): Pick<StrategyDefinition, 'installForRead'> {
  return {
    installForRead: ({ vmFlags, zeroPage, pgoff }) => {
      const isOne = (vmFlags & VM_SHARED) !== 0 && !zeroPage && (page === undefined || pgoff === page)
      return isOne ? how : INSTALL_READ_ONLY
    },
  }
}

export function wrongPrefaults(): WrongStrategy[] {
  return [
    wrong(
      'prefault',
      'rights',
      'it makes written pages writable when they are loaded',
      loadedAs(INSTALL_MKWRITE),
    ),
    wrong(
      'prefault-untagged',
      'dirty-tag',
      'the same, where loads do not tag entries dirty: fsync misses stores',
      loadedAs(INSTALL_WRITABLE),
    ),
    wrong(
      'prefault-frozen',
      'frozen',
      'the same: a load makes a page of a frozen file system writable',
      loadedAs(INSTALL_MKWRITE, 2),
    ),
    wrong(
      'prefault-zero',
      'zero-page',
      'it makes the zero page of a hole writable: a store to one hole is in all',
      {
        installForRead: ({ zeroPage }) => (zeroPage ? INSTALL_WRITABLE : INSTALL_READ_ONLY),
      },
    ),
    wrong(
      'prefault-shared-blocks',
      'bytes',
      'it makes loaded pages writable where two files share blocks: one file has what the other stores',
      loadedAs(INSTALL_MKWRITE, 1),
    ),
    wrong(
      'prefault-zero-store',
      'rules',
      'it makes the zero page writable under the page that is stored to: no frame of the file has the bytes then',
      {
        installForRead: ({ zeroPage, pgoff }) =>
          zeroPage && pgoff === 1 ? INSTALL_MKWRITE : INSTALL_READ_ONLY,
      },
    ),
    wrong(
      'prefault-private',
      'private',
      'it forgets that the area may be private: a private store reaches the file',
      {
        installForRead: ({ vmFlags, zeroPage }) =>
          (vmFlags & VM_SHARED) !== 0 || zeroPage ? INSTALL_READ_ONLY : INSTALL_MKWRITE,
      },
    ),
    wrong('prefault-unchecked', 'areas', 'it forgets that the area may be read-only', {
      installForRead: ({ zeroPage }) => (zeroPage ? INSTALL_READ_ONLY : INSTALL_WRITABLE | INSTALL_UNCHECKED),
    }),
    wrong(
      'dirty-loads',
      'rights',
      'it marks loaded entries dirty: mprotect then makes them writable without a fault',
      loadedAs(INSTALL_DIRTY),
    ),
  ]
}
