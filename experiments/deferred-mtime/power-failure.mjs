// MAP_SYNC: a program that stores, flushes its cache lines and calls nothing. What would a power failure leave?
import { MAP_SHARED_VALIDATE, MAP_SYNC, Machine, PROT_READ, PROT_WRITE } from '@mm-model/core'
import { mmap, store } from '@mm-model/core/plain'
import { mountExt4 } from '@mm-model/dax'
import { fsync, ftruncate, openCreate, pwriteFill } from '@mm-model/dax/plain'
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { printTable } from '../print.mjs'

const yes = (is) => (is ? 'yes' : 'no')

/** One store to a page of a file whose first half is written and committed. */
function row(strategy, where, offset) {
  const machine = new Machine({ strategy })
  const task = machine.createTask()
  const file = openCreate(task, mountExt4(machine), 'a')
  const { inode } = file
  const { personality } = inode.sb
  ftruncate(task, file, 65536)
  pwriteFill(task, file, 0, 32768, 1)
  fsync(task, file)
  machine.tick()
  const flags = MAP_SHARED_VALIDATE | MAP_SYNC
  const request = { address: 0, length: 65536, prot: PROT_READ | PROT_WRITE, flags, file, offset: 0 }
  const address = mmap(task, request)
  machine.tick()
  const committed = inode.mtime
  store(task, address + offset, 7)
  const isNow = inode.mtime === machine.now
  return [
    where,
    strategy.name,
    yes(!personality.datasyncDirty(inode)),
    yes(isNow),
    yes(isNow && !personality.syncDirty(inode)),
    yes(inode.mapping.asCmtime),
    inode.mtime === committed ? 'before the store' : isNow ? 'the store' : 'another',
  ]
}

printTable([
  [
    'MAP_SYNC store to',
    'strategy',
    'block committed',
    'time in memory',
    'time committed',
    'time due',
    'mtime is of',
  ],
  ...[
    ['a hole', 32768],
    ['a committed block', 0],
  ].flatMap(([where, offset]) => [mkwrite, deferredMtime].map((strategy) => row(strategy, where, offset))),
])
