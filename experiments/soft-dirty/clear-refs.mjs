// What checkpointing sees: clear_refs (write 4), stores, then bit 55 of pagemap, under two strategies.
import { MAP_SHARED, Machine, PROT_READ, PROT_WRITE, VM_SOFTDIRTY } from '@mm-model/core'
import { load, mmap, store, vmaSetPageProt } from '@mm-model/core/plain'
import { mountExt4 } from '@mm-model/dax'
import { ftruncate, openCreate, pwriteFill } from '@mm-model/dax/plain'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { hexEntry, printTable } from '../print.mjs'

const PAGES = 4

/** Slot of the entry for an address, or -1 where no table is. */
function slotOf({ mm, machine }, address) {
  const { pageTables: pt } = machine
  const pud = pt.pudSlot(mm.pgd, address, false)
  if (pud < 0 || pt.isNone(pud)) return -1
  const pmd = pt.pmdSlotAt(pud, address)
  return pt.isNone(pmd) ? -1 : pt.pteSlotAt(pmd, address)
}

/** fs/proc/task_mmu.c: clear_refs_write with CLEAR_REFS_SOFT_DIRTY, 6.1, for areas of 4 KiB entries. */
function clearSoftDirty(task) {
  const { mm, machine } = task
  const { arch, pageTables: pt } = machine
  for (const area of mm.areas) {
    area.vmFlags &= ~VM_SOFTDIRTY
    vmaSetPageProt(task, area)
    for (let address = area.vmStart; address < area.vmEnd; address += 4096) {
      const slot = slotOf(task, address)
      if (slot < 0 || !arch.ptePresent(pt.lo, pt.hi, slot)) continue
      arch.pteWrprotect(pt.lo, pt.hi, slot)
      arch.pteClearSoftDirty(pt.lo, pt.hi, slot)
    }
  }
  mm.tlbContext = machine.newTlbContext()
}

/** fs/proc/task_mmu.c: pte_to_pagemap_entry, 6.1: PM_SOFT_DIRTY, bit 55. */
function pagemapSoftDirty(task, area, address) {
  const { arch, pageTables: pt } = task.machine
  if ((area.vmFlags & VM_SOFTDIRTY) !== 0) return true
  const slot = slotOf(task, address)
  return slot >= 0 && arch.ptePresent(pt.lo, pt.hi, slot) && arch.pteSoftDirty(pt.lo, pt.hi, slot)
}

function entryOf(task, address) {
  const { pageTables: pt } = task.machine
  const slot = slotOf(task, address)
  return slot < 0 || pt.isNone(slot) ? 'none' : hexEntry(pt.lo[slot], pt.hi[slot])
}

/** Page 0 is stored to before clear_refs and after, page 1 loaded before and stored to after, page 2 only stored to after. */
function run(strategy) {
  const machine = new Machine({ strategy })
  const task = machine.createTask()
  const file = openCreate(task, mountExt4(machine), 'a')
  ftruncate(task, file, 4096 * PAGES)
  pwriteFill(task, file, 0, 4096 * PAGES, 1)
  const request = { address: 0, length: 4096 * PAGES, prot: PROT_READ | PROT_WRITE, flags: MAP_SHARED, file }
  const address = mmap(task, { ...request, offset: 0 })
  const page = (n) => address + 4096 * n
  store(task, page(0), 7)
  load(task, page(1))
  load(task, page(3))
  clearSoftDirty(task)
  const before = [0, 1, 2, 3].map((n) => entryOf(task, page(n)))
  for (const n of [0, 1, 2]) store(task, page(n), 8)
  const [area] = task.mm.areas
  return [0, 1, 2, 3].map((n) => ({
    before: before[n],
    after: entryOf(task, page(n)),
    bit: pagemapSoftDirty(task, area, page(n)) ? 'set' : 'clear',
  }))
}

const DID = [
  'store, clear_refs, store',
  'load, clear_refs, store',
  'clear_refs, store',
  'load, clear_refs, nothing',
]

for (const strategy of [mkwrite, insertWritable]) {
  const rows = run(strategy).map(({ before, after, bit }, n) => [`${n}: ${DID[n]}`, before, after, bit])
  printTable([[`page (${strategy.name})`, 'entry after clear_refs', 'entry in the end', 'bit 55'], ...rows])
  console.log()
}
