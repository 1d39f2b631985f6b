/**
 * A digest of what a file holds, to tell whether two runs left the same bytes.
 * @module
 */

import { type DaxInode, IOMAP_DAX, IOMAP_MAPPED, Iomap } from '@mm-model/dax'

/** FNV-1a, 32 bits (Fowler, Noll, Vo): not against adversaries, enough to see a byte that differs. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Digest of the bytes up to the size; pages of zeros, holes or not, are all alike. */
export function digestOf(inode: DaxInode): string {
  const { personality, machine } = inode.sb
  const iomap = new Iomap()
  const srcmap = new Iomap()
  let hash = FNV_OFFSET
  for (let pos = 0; pos < inode.size; pos = iomap.offset + Math.max(iomap.length, 4096)) {
    if (personality.iomapBegin(inode, pos, inode.size - pos, IOMAP_DAX, iomap, srcmap) < 0) break
    if (iomap.type !== IOMAP_MAPPED) continue
    const end = Math.min(iomap.offset + iomap.length, inode.size)
    for (let at = pos; at < end; at += 4096) {
      const page = machine.memory.pmemPage(iomap.blockAt(at))
      if (page !== undefined) hash = hashPage(hash, at / 4096, page, Math.min(4096, inode.size - at))
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/** Mixes in the non-zero bytes of a page, each with its place. */
function hashPage(seed: number, index: number, page: Uint8Array, length: number): number {
  let hash = seed
  // Most pages of most files are zeros: four at a look.
  const words = new Uint32Array(page.buffer, page.byteOffset, page.length >>> 2)
  for (let i = 0; i < length; i++) {
    if ((i & 3) === 0 && words[i >>> 2] === 0) {
      i += 3
      continue
    }
    const byte = page[i]!
    if (byte === 0) continue
    hash = Math.imul(hash ^ byte, FNV_PRIME)
    hash = Math.imul(hash ^ i, FNV_PRIME)
    hash = Math.imul(hash ^ index, FNV_PRIME)
  }
  return hash
}
