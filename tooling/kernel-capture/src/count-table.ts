/** The table of instruction counts, one number for each combination and strategy, as a JSON file. */

/** What was counted for one combination. */
export interface Row {
  /** Instructions of one access, mean over all of the pass. */
  readonly mean: number
  readonly least: number
  readonly most: number
  /** Whether 2 MiB leaves were there after the access. */
  readonly hugeLeaf: boolean
}

/** By combination: `area/block/access/size/around`. */
export type Counts = ReadonlyMap<string, Row>

/** The counts of one run. */
export interface Run {
  readonly fs: string
  readonly strategy: string
  readonly counts: Counts
}

/** What stands above the numbers. */
export interface TableHead {
  readonly kernel: string
}

type Tree = { [key: string]: Tree | readonly number[] }

/**
 * The file's text: fs, area, block, access, size, around → the numbers, in the order of `strategies`. The same runs give
 * the same bytes.
 */
export function tableText({ kernel }: TableHead, runs: readonly Run[]): string {
  const strategies = [...new Set(runs.map(({ strategy }) => strategy))]
  const systems = [...new Set(runs.map(({ fs }) => fs))]
  const counts: Tree = {}
  const small: string[] = []
  for (const fs of systems) {
    const columns = strategies.map(
      (strategy) => runs.find((run) => run.fs === fs && run.strategy === strategy)?.counts,
    )
    for (const combination of columns[0]?.keys() ?? []) {
      const cells = columns.map((column) => column?.get(combination))
      if (cells.includes(undefined)) continue
      const path = [fs, ...combination.split('/')]
      let place: Tree = counts
      for (const key of path.slice(0, -1)) {
        place[key] ??= {}
        place = place[key] as Tree
      }
      place[path.at(-1)!] = cells.map((cell) => cell!.mean)
      if (path.includes('2m') && !cells[0]!.hugeLeaf) small.push(path.join('/'))
    }
  }
  return `${JSON.stringify(
    {
      unit: 'guest instructions per access, user and kernel: mean over 256 pages of 4 KiB, or over 4 ranges of 2 MiB',
      how: HOW,
      kernel,
      'not counted': NOT_COUNTED,
      keys: KEYS,
      strategies,
      counts,
      'no 2 MiB leaf after the access': small,
    },
    null,
    1,
  ).replace(/\[([\s\d.,]+)\]/g, (_, numbers: string) => `[${numbers.trim().replace(/\s+/g, ' ')}]`)}\n`
}

const HOW: string =
  'QEMU TCG with -icount shift=0, where the time stamp counter is the number of instructions executed; it is read before and after each access, and what two readings cost by themselves is taken off; no trace event enabled, no probes; the file system’s checksums are computed by crc32c_generic. Made by `pnpm capture count` of tooling/kernel-capture'

const NOT_COUNTED: string =
  'exception entry and return beyond their instructions, cache and TLB misses: this is an instruction count, not time. Counted with the access, where they fall into it: timer ticks, and work of kernel threads that it waits for'

const KEYS: Readonly<Record<string, string>> = {
  fs: 'file system, mounted with dax=always; xfs is made with reflink=1, ext4 has no reflinked blocks',
  area: 'shared: MAP_SHARED; private: MAP_PRIVATE; readable and writable',
  block:
    'what the file is made of under the pages, durable and in its place (the log is empty) when the file is mapped: hole, unwritten (fallocate), written (write), reflinked (shared with another file)',
  access:
    'first load, first store: nothing of the page was touched through the area before; store after load; second store: a store after a store. The access named last is counted',
  size: '4k: an area of 1 MiB; 2m: area and extents are aligned for 2 MiB leaves. Where the kernel then maps 4 KiB, the number is of that, and the combination is in the list at the end',
  around:
    'what happens between the access before, if any, and the one that is counted. plain: nothing; sync, committed: nothing, the area is MAP_SYNC and the metadata durable; sync, uncommitted: an allocation elsewhere in the file, the area is MAP_SYNC; after fsync; in a forked child: fork, the child accesses; after mprotect r, rw: mprotect to PROT_READ and back; refused: mprotect to PROT_READ before a store, PROT_NONE before a load, counted until the handler of the signal begins',
  strategy: 'the order of the numbers is that of `strategies`',
}
