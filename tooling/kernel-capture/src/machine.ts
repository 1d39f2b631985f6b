/** The guest: what QEMU emulates, and what the kernel is told about it. Recordings of one kernel depend on all of it. */

const MIB: number = 2 ** 20
const PAGE_SHIFT: number = 12

/** Memory of the guest, and the part of it that the kernel takes for persistent memory. */
export const MEMORY_MIB: number = 2048
const PMEM_START_MIB: number = 1024
const PMEM_MIB: number = 512

/** Whether a frame number lies in the persistent memory. */
export function isPmemFrame(frame: bigint): boolean {
  const first = BigInt((PMEM_START_MIB * MIB) / 2 ** PAGE_SHIFT)
  return frame >= first && frame < first + BigInt((PMEM_MIB * MIB) / 2 ** PAGE_SHIFT)
}

/** The processor of the shipped recordings: all that QEMU can emulate, but four levels of page tables and no SMAP. */
export const DEFAULT_CPU: string = 'max,la57=off,-smap'

/**
 * The kernel's command line. No KASLR and no page-table isolation, so that addresses and entries mean the same in each
 * run; no mitigations, which cost emulated time; `memmap` makes the persistent memory. The kernel passes what is written
 * in capitals to init as variables.
 */
export function kernelArguments(fs: string, signalStack: SignalStack, extra: string): string {
  const own = [
    'console=ttyS0',
    'nokaslr',
    'nopti',
    'mitigations=off',
    `memmap=${PMEM_MIB}M!${PMEM_START_MIB}M`,
    `CAPTURE_FS=${fs}`,
    `CAPTURE_SIGNAL_STACK=${signalStack}`,
    'panic=-1',
    'quiet',
  ]
  return [...own, ...(extra === '' ? [] : [extra])].join(' ')
}

/**
 * Where the agent maps: each `mmap` takes the next GiB from the first address, each moving `mremap` from 0x700000000000.
 * A fault for an address in here is a fault of the scenario; other addresses are the agent's own memory.
 */
export const SLOTS_START: bigint = 0x600000000000n
export const SLOTS_END: bigint = 0x701000000000n

/**
 * What the kernel is told about its strategy, and init, which checks that the kernel has understood.
 *
 * @param strategy `null` for a kernel that has but one.
 */
export function strategyArguments(strategy: string | null): string {
  return strategy === null ? '' : `dax_strategy=${strategy} CAPTURE_STRATEGY=${strategy}`
}

/** What the guest loads: the file systems with what they checksum with, and the driver of persistent memory. */
export const MODULES: readonly string[] = ['crc32c_generic', 'nd_pmem', 'nd_e820', 'ext4', 'xfs']

/** The file systems that the guest can make and mount; xfs with and without shared extents. */
export const FILE_SYSTEMS = ['ext4', 'xfs', 'xfs-reflink'] as const

/** Those that are counted on, by the names in tables; an xfs that can share extents has all combinations. */
export const COUNTED_FILE_SYSTEMS: Readonly<Record<string, (typeof FILE_SYSTEMS)[number]>> = {
  ext4: 'ext4',
  xfs: 'xfs-reflink',
}

/**
 * Whether the stack that the agent handles signals on has its frames before a scenario begins (`warm`), or takes the
 * first of them when the first signal comes (`cold`), from among those that the scenario may just have freed.
 */
export const SIGNAL_STACKS = ['warm', 'cold'] as const
export type SignalStack = (typeof SIGNAL_STACKS)[number]
