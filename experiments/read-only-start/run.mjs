// A first store where the area notices writes (the backend has `pfn_mkwrite`), and where not.
import {
  ASSERT_READ_ONLY_START,
  defineStrategy,
  MAP_SHARED,
  Machine,
  PROT_READ,
  PROT_WRITE,
  VM_EXEC,
  VM_READ,
} from '@mm-model/core'
import { mmap, store, vmfInsertForWrite, vmfInsertMixed } from '@mm-model/core/plain'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { hexEntry, printTable } from '../print.mjs'
import { TinyFile } from '../tiny-file.mjs'

const WRITE = 2
const SHARED = 8

/**
 * Installs with `vm_page_prot` XOR (private ^ shared) of the protection map, as dax_pgprot of the patch did: the helper
 * of the core takes no protection, so the area carries it meanwhile.
 */
function insertXor(t, vmf, pfn) {
  const { vma } = vmf
  const { protectionMapLo, protectionMapHi } = t.machine.arch
  const arm = WRITE | (vma.vmFlags & (VM_READ | VM_EXEC))
  const { vmPageProtLo, vmPageProtHi } = vma
  vma.vmPageProtLo = (vmPageProtLo ^ protectionMapLo[arm] ^ protectionMapLo[arm | SHARED]) >>> 0
  vma.vmPageProtHi = (vmPageProtHi ^ protectionMapHi[arm] ^ protectionMapHi[arm | SHARED]) >>> 0
  const ret = vmfInsertMixed(t, vmf, pfn)
  vma.vmPageProtLo = vmPageProtLo
  vma.vmPageProtHi = vmPageProtHi
  return ret
}

const asserting = defineStrategy({ ...insertWritable, assertions: [ASSERT_READ_ONLY_START] })

const how = {
  'XOR of vm_page_prot': (t, vmf, pfn) => {
    // The strategy's answer is not taken, but its assertion is looked at.
    t.machine.strategyHost.install(t)
    return insertXor(t, vmf, pfn)
  },
  'vm_get_page_prot(vm_flags)': vmfInsertForWrite,
}

/** One page, stored to once. */
function row(name, notices) {
  const errors = []
  const trace = (event, _t, _address, error) => {
    if (event === 'page_fault_user') errors.push(`0x${error.toString(16)}`)
  }
  const machine = new Machine({ strategy: asserting, trace })
  const task = machine.createTask()
  const file = new TinyFile({ insert: how[name], pfnMkwrite: notices ? vmfInsertForWrite : null })
  const request = {
    address: 0,
    length: 65536,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_SHARED,
    file,
    offset: 0,
  }
  const address = mmap(task, request)
  const [area] = task.mm.areas
  store(task, address, 7)
  const { pageTables: pt } = machine
  const slot = pt.pteSlotAt(pt.pmdSlot(task.mm.pgd, address), address)
  const { warnings } = machine.strategyHost
  return [
    notices ? 'pfn_mkwrite' : 'none',
    hexEntry(area.vmPageProtLo, area.vmPageProtHi),
    name,
    errors.join(' '),
    hexEntry(pt.lo[slot], pt.hi[slot]),
    warnings.map(({ assertion }) => `not: ${assertion}`).join('; ') || 'none',
  ]
}

printTable([
  ['handler', 'vm_page_prot', 'protection from', 'traps', 'entry after the store', 'warning'],
  ...[true, false].flatMap((notices) => Object.keys(how).map((name) => row(name, notices))),
])
