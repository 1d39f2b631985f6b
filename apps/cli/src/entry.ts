import { kernelByName } from '@mm-model/core'
import { decode } from '@mm-model/pgprot'

/** Frames that have a name of their own. */
const SHARED: Readonly<Record<string, string>> = { zero: 'the zero page', hugezero: 'the huge zero page' }

/** What a cache attribute is that says nothing: ordinary memory. */
const ORDINARY = /; cache (?:WB|MT_NORMAL|PMA)\.$/

/** Whose an entry is: which bits mean what depends on it. */
export interface Machine {
  readonly kernel: string
  /** Left out, x86-64. */
  readonly arch?: string | undefined
}

interface ObservedEntry extends Machine {
  readonly flags: string
  readonly level: number
  readonly frame: string
}

/**
 * An observed entry in words, as `pmem#0: writable, …`. Observations have the frame number cleared and say in `frame`
 * which frame it is; what is the same for every small page of user space is left out.
 */
export function describeEntry({ flags, level, frame, kernel, arch }: ObservedEntry): string {
  const name = SHARED[frame] ?? frame
  try {
    const entries = arch ?? kernelByName(kernel).x86Arch.name
    const { text } = decode(BigInt(flags), { level: level === 2 ? 'pmd' : 'pte', arch: entries })
    return text
      .replace('Maps 4 KiB at frame 0x0 for user space', name)
      .replace('frame 0x0', name)
      .replace(ORDINARY, '')
  } catch {
    // What the processor would not take, a model in the making may still have in its tables.
    return `${name}: not a valid entry`
  }
}
