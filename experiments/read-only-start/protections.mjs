// The XOR of the patch of 2016 from every protection of the map, beside pte_mkwrite.
import { archByName, change, checkPgprotReadOnly, isPgprotWritable, protectionMap } from '@mm-model/pgprot'
import { printTable } from '../print.mjs'

const READ = 1
const WRITE = 2
const EXEC = 4
const SHARED = 8

const hex = (value) => `0x${value.toString(16)}`

const nameOf = (i) =>
  `${i & READ ? 'r' : '-'}${i & WRITE ? 'w' : '-'}${i & EXEC ? 'x' : '-'} ${i & SHARED ? 'shared' : 'private'}`

const [name = 'x86-64'] = process.argv.slice(2)
const arch = archByName(name)
const map = protectionMap(arch)

/** What the patch flips in a protection: the bits in which a private entry and its shared twin differ. */
const flip = (i) => {
  const arm = WRITE | (i & (READ | EXEC))
  return map[arm] ^ map[arm | SHARED]
}

const words = (prot) => `${hex(prot)} ${isPgprotWritable(arch, prot) ? 'writable' : 'read-only'}`

// An area that notices writes starts from the private twin of its own, shared entry.
printTable([
  [`start (${name})`, 'vm_page_prot', 'after the XOR', 'after pte_mkwrite', 'warning'],
  ...map.map((prot, i) => [
    nameOf(i),
    words(prot),
    words(prot ^ flip(i)),
    words(change(arch.pteMkwrite, prot)),
    checkPgprotReadOnly(arch, prot)?.code ?? 'none',
  ]),
])
