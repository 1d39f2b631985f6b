/**
 * What a strategy is run through: every combination of what is mapped, how, and what happens around a store.
 * @module
 */

import { kernelByName } from '@mm-model/core'
import { fileSystemNames } from '@mm-model/scenario'

/** The file system that shares blocks between files. */
const REFLINK = 'xfs-reflink'

/** A machine that combinations run on: kernel, file system and architecture by the names that scenarios know. */
export interface KitMachine {
  readonly kernel: string
  readonly arch: string
}

/** The recorded kernels, the older one on three architectures; the younger shares blocks another way, which is not modelled. */
export const MACHINES: readonly KitMachine[] = [
  { kernel: '6.1', arch: 'x86-64' },
  { kernel: '6.12', arch: 'x86-64' },
  { kernel: '6.1', arch: 'arm64-4k' },
  { kernel: '6.1', arch: 'riscv64-sv48' },
]

/** `6.1 x86-64`. */
export function machineName({ kernel, arch }: KitMachine): string {
  return `${kernel} ${arch}`
}

export const AREAS = ['shared', 'private'] as const
export const BLOCKS = ['hole', 'unwritten', 'written', 'reflinked'] as const
export const ACCESSES = ['load', 'store', 'load-store'] as const
export const SIZES = ['4k', '2m'] as const
export const PROTS = ['r', 'rw', 'none'] as const
export const AROUNDS = ['nothing', 'fork', 'mprotect', 'freeze', 'fsync', 'map-sync'] as const

/** One program, on one machine. */
export interface Combination {
  readonly machine: KitMachine
  readonly area: (typeof AREAS)[number]
  /** What the file has at the place that is accessed. */
  readonly block: (typeof BLOCKS)[number]
  readonly access: (typeof ACCESSES)[number]
  /** A file of a few pages, or one of aligned 2 MiB, which the kernel may map whole. */
  readonly size: (typeof SIZES)[number]
  /** Rights of the mapping. */
  readonly prot: (typeof PROTS)[number]
  /** What happens after the access, before it is made again; `map-sync` is the kind of mapping instead. */
  readonly around: (typeof AROUNDS)[number]
}

/** The file system that a combination runs on: reflinked blocks need one that shares them. */
export function fileSystemOf({ block }: Combination): string {
  return block === 'reflinked' ? REFLINK : 'ext4'
}

/** `6.1 x86-64, shared rw, written 4k, load-store, fsync`. */
export function nameOf(c: Combination): string {
  return `${machineName(c.machine)}, ${c.area} ${c.prot}, ${c.block} ${c.size}, ${c.access}, ${c.around}`
}

/**
 * Every combination on the given machines, in a fixed order. `MAP_SYNC` is a kind of shared mapping, so private ones have
 * no such row; reflinked blocks are there where {@link hasReflink} says so.
 */
export function combinations(machines: readonly KitMachine[] = MACHINES): readonly Combination[] {
  const all: Combination[] = []
  for (const machine of machines)
    for (const area of AREAS)
      for (const prot of PROTS)
        for (const block of BLOCKS)
          for (const size of SIZES)
            for (const access of ACCESSES)
              for (const around of AROUNDS) {
                if (around === 'map-sync' && area === 'private') continue
                if (block === 'reflinked' && !hasReflink(machine)) continue
                all.push({ machine, area, prot, block, size, access, around })
              }
  return all
}

/** Whether the model has a file system with reflinked blocks for that kernel. */
export function hasReflink({ kernel }: KitMachine): boolean {
  return fileSystemNames(kernelByName(kernel)).includes(REFLINK)
}
