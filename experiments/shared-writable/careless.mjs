// A backend that asks how to install for every store, with no branch for private mappings: what does each strategy make of
// it, and who notices?
import {
  coreStateInvariants,
  defineStrategy,
  INSTALL_MKWRITE,
  INSTALL_UNCHECKED,
  INSTALL_WRITABLE,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PMEM_BASE_PFN,
  PROT_READ,
  PROT_WRITE,
  snapshotMachine,
  violationsOf,
} from '@mm-model/core'
import { mmap, store, vmfInsertForWrite } from '@mm-model/core/plain'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { printTable } from '../print.mjs'
import { TinyFile } from '../tiny-file.mjs'

/** What the patch of 2016 did: writable, whatever the area's flags; it makes the assertions of `insert-writable`. */
const as2016 = defineStrategy({
  ...insertWritable,
  name: 'insert-unchecked',
  install: ({ mkwrite }) => (mkwrite ? INSTALL_MKWRITE : INSTALL_WRITABLE | INSTALL_UNCHECKED),
})

function row(strategy, kind, flags) {
  const machine = new Machine({ strategy })
  const task = machine.createTask()
  const file = new TinyFile({ insert: vmfInsertForWrite, pfnMkwrite: vmfInsertForWrite })
  const request = { address: 0, length: 65536, prot: PROT_READ | PROT_WRITE, flags, file, offset: 0 }
  const address = mmap(task, request)
  store(task, address, 7)
  const reached = machine.memory.readByte(PMEM_BASE_PFN, 0) === 7
  const broken = violationsOf(coreStateInvariants, snapshotMachine(machine)).map(({ invariant }) => invariant)
  const { warnings } = machine.strategyHost
  return [
    strategy.name,
    kind,
    reached ? 'the file' : 'a copy',
    broken.length === 0 ? 'all hold' : [...new Set(broken)].join(' '),
    warnings.map(({ assertion }) => `not: ${assertion}`).join('; ') || 'none',
  ]
}

printTable([
  ['strategy', 'area', 'the store reaches', 'invariants', 'warning'],
  ...[insertWritable, mkwrite, as2016].flatMap((strategy) => [
    row(strategy, 'shared', MAP_SHARED),
    row(strategy, 'private', MAP_PRIVATE),
  ]),
])
