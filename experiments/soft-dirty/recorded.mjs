// Entries of the kernel that was patched to insert writable ones, beside the same entries under mkwrite, in all recordings.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { change, x86Arch } from '@mm-model/pgprot'
import { parseObservation } from '@mm-model/scenario'
import { printTable } from '../print.mjs'

const recordings = join(import.meta.dirname, '../../fixtures/kernel-observations')
const SOFT_DIRTY = change(x86Arch.pteMksoftDirty, 0n)

const read = (folder, file) => parseObservation(readFileSync(join(recordings, folder, file), 'utf8')).ops

function row(strategy) {
  let [operations, differing, entries, missing, other] = [0, 0, 0, 0, 0]
  for (const file of readdirSync(join(recordings, 'linux-6.1-ext4'))) {
    const linux = read('linux-6.1-ext4', file)
    for (const [i, { ptes }] of read(`linux-6.1-ext4-${strategy}`, file).entries()) {
      const reference = new Map(linux[i].ptes.map((pte) => [`${pte.level} ${pte.at}`, pte]))
      let differs = ptes.length !== reference.size
      for (const pte of ptes) {
        const was = reference.get(`${pte.level} ${pte.at}`)
        const isMissing = (BigInt(was?.flags ?? 0) ^ BigInt(pte.flags)) === SOFT_DIRTY
        if (was?.frame === pte.frame && was.flags === pte.flags) continue
        differs = true
        if (was?.frame === pte.frame && isMissing && (BigInt(was.flags) & SOFT_DIRTY) !== 0n) missing++
        else other++
      }
      operations++
      entries += ptes.length
      if (differs) differing++
    }
  }
  return [
    strategy,
    `${differing} of ${operations}`,
    `${missing + other} of ${entries}`,
    `${missing}`,
    `${other}`,
  ]
}

printTable([
  ['recorded beside mkwrite', 'operations', 'entries that differ', 'soft-dirty missing', 'anything else'],
  ...['retry', 'fallthrough', 'insert-writable'].map(row),
])
