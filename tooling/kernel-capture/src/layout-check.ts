/** Compares the offsets that a definition gives with those that the image itself tells. */
import { Btf } from './btf.ts'
import { CaptureError } from './capture-error.ts'
import { type KernelLayout, LAYOUT_MEMBERS } from './probes.ts'
import { elfSection } from './vmlinux.ts'

/** The offsets out of an image's own type information, each `null` where it has no such member; `null` without BTF. */
export function layoutOfVmlinux(
  vmlinux: Buffer,
  place: string,
): Readonly<Record<keyof KernelLayout, number | null>> | null {
  const section = elfSection(vmlinux, '.BTF')
  if (section === null) return null
  const btf = new Btf(section, place)
  const offset = (key: keyof KernelLayout): number | null => btf.memberOffset(...LAYOUT_MEMBERS[key])
  return {
    vmMm: offset('vmMm'),
    vmPageProt: offset('vmPageProt'),
    vmFlags: offset('vmFlags'),
    mmPgd: offset('mmPgd'),
    faultFlags: offset('faultFlags'),
    faultOrigPte: offset('faultOrigPte'),
  }
}

/** @throws {CaptureError} CAPTURE_LAYOUT_MISMATCH at the first offset that differs. */
export function checkLayout(
  kernel: string,
  layout: KernelLayout,
  actual: Readonly<Record<keyof KernelLayout, number | null>>,
): void {
  for (const [key, members] of Object.entries(LAYOUT_MEMBERS) as [keyof KernelLayout, readonly string[]][]) {
    if (layout[key] === actual[key]) continue
    throw new CaptureError(`kernel ${kernel}: ${members.join('.')}`, {
      code: 'CAPTURE_LAYOUT_MISMATCH',
      found: actual[key] === null ? 'no such member in the image' : `offset ${actual[key]} in the image`,
      expected: `${layout[key]}, as src/kernels.ts says`,
      remedy:
        'run `pnpm capture offsets` on the image and correct the definition, or give the image that it is for',
    })
  }
}
