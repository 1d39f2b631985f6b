// Traps of a first store to a written block, where the hardware sets the dirty bit and where it does not.
import { MAP_SHARED, Machine, PROT_READ, PROT_WRITE } from '@mm-model/core'
import { mmap, store } from '@mm-model/core/plain'
import { mountExt4 } from '@mm-model/dax'
import { ftruncate, openCreate, pwriteFill } from '@mm-model/dax/plain'
import { archByName } from '@mm-model/pgprot'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import { printTable } from '../print.mjs'

const ARCHES = ['x86-64', 'arm64-4k', 'arm64-4k-nodbm', 'riscv64-sv39-svadu', 'riscv64-sv39']
const STRATEGIES = [retry, insertWritable, mkwrite]

function cell(arch, strategy) {
  const seen = []
  const trace = (event) => seen.push(event)
  const machine = new Machine({ strategy, arch: archByName(arch), trace })
  const task = machine.createTask()
  const file = openCreate(task, mountExt4(machine), 'a')
  ftruncate(task, file, 65536)
  pwriteFill(task, file, 0, 65536, 1)
  const request = {
    address: 0,
    length: 65536,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_SHARED,
    file,
    offset: 0,
  }
  const address = mmap(task, request)
  store(task, address, 7)
  const count = (name) => seen.filter((event) => event === name).length
  const traps = count('page_fault_user')
  const passes = count('dax_pte_fault_done')
  return `${traps} ${traps === 1 ? 'trap' : 'traps'}, ${passes} ${passes === 1 ? 'pass' : 'passes'}`
}

printTable([
  ['a first store', ...STRATEGIES.map(({ name }) => name)],
  ...ARCHES.map((arch) => [arch, ...STRATEGIES.map((strategy) => cell(arch, strategy))]),
])
