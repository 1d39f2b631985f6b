import { decode } from '@mm-model/pgprot'

/** Frames that have a name of their own. */
const SHARED: Readonly<Record<string, string>> = { zero: 'the zero page', hugezero: 'the huge zero page' }

/**
 * An observed entry in words, as `pmem#0: writable, …`. Observations have the frame number cleared and say in `frame`
 * which frame it is; what is the same for every small page of user space is left out.
 */
export function describeEntry(flags: string, level: number, frame: string): string {
  const name = SHARED[frame] ?? frame
  try {
    const { text } = decode(BigInt(flags), { level: level === 2 ? 'pmd' : 'pte' })
    return text
      .replace('Maps 4 KiB at frame 0x0 for user space', name)
      .replace('frame 0x0', name)
      .replace(/; cache WB\.$/, '')
  } catch {
    // What the processor would not take, a model in the making may still have in its tables.
    return `${name}: not a valid entry`
  }
}
