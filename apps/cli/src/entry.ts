import { kernelByName } from '@mm-model/core'
import { decode } from '@mm-model/pgprot'

/** Frames that have a name of their own. */
const SHARED: Readonly<Record<string, string>> = { zero: 'the zero page', hugezero: 'the huge zero page' }

/** An observed entry, and the kernel whose it is: which software bits mean what depends on it. */
interface ObservedEntry {
  readonly flags: string
  readonly level: number
  readonly frame: string
  readonly kernel: string
}

/**
 * An observed entry in words, as `pmem#0: writable, …`. Observations have the frame number cleared and say in `frame`
 * which frame it is; what is the same for every small page of user space is left out.
 */
export function describeEntry({ flags, level, frame, kernel }: ObservedEntry): string {
  const name = SHARED[frame] ?? frame
  try {
    const arch = kernelByName(kernel).x86Arch.name
    const { text } = decode(BigInt(flags), { level: level === 2 ? 'pmd' : 'pte', arch })
    return text
      .replace('Maps 4 KiB at frame 0x0 for user space', name)
      .replace('frame 0x0', name)
      .replace(/; cache WB\.$/, '')
  } catch {
    // What the processor would not take, a model in the making may still have in its tables.
    return `${name}: not a valid entry`
  }
}
