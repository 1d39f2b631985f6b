import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CaptureError } from './capture-error.ts'
import type { Command } from './command.ts'
import { readBytes } from './files.ts'
import { givenImage } from './kernel-image.ts'
import { layoutOfVmlinux } from './layout-check.ts'
import { type KernelLayout, LAYOUT_MEMBERS } from './probes.ts'
import { extractVmlinux } from './vmlinux.ts'

export const offsetsCommand: Command = {
  name: 'offsets',
  summary:
    'Prints the offsets in structures that a kernel definition needs, out of a kernel’s own type information.',
  operands: ['FILE'],
  options: {},
  notes: [
    'FILE is a kernel package (.deb) or a vmlinuz. The kernel must be built with CONFIG_DEBUG_INFO_BTF.',
  ],
  examples: [
    'apt-get download linux-image-6.1.0-50-amd64',
    'pnpm capture offsets linux-image-6.1.0-50-amd64_6.1.176-1_amd64.deb',
  ],
  run(words, { print, tell }) {
    const [file] = words.operands as readonly [string]
    const layout = file.endsWith('.deb') ? offsetsOfPackage(file, tell) : offsetsOfImage(file)
    for (const [key, [struct, member]] of Object.entries(LAYOUT_MEMBERS) as [
      keyof KernelLayout,
      readonly [string, string],
    ][])
      print(`${key}: ${layout[key] ?? 'not found'},  // ${struct}.${member}`)
    return Object.values(layout).includes(null) ? 1 : 0
  },
}

type Layout = NonNullable<ReturnType<typeof layoutOfVmlinux>>

function offsetsOfPackage(file: string, tell: (line: string) => void): Layout {
  const work = mkdtempSync(join(tmpdir(), 'mm-model-capture-'))
  try {
    return offsetsOfImage(givenImage(file, work, tell).vmlinuz)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function offsetsOfImage(file: string): Layout {
  const layout = layoutOfVmlinux(extractVmlinux(readBytes(file, 'a vmlinuz or a kernel package'), file), file)
  if (layout !== null) return layout
  throw new CaptureError(file, {
    code: 'CAPTURE_IMAGE',
    found: 'a kernel without a section .BTF',
    expected: 'one built with CONFIG_DEBUG_INFO_BTF',
    remedy: 'run `pahole -C mm_struct` on a vmlinux with debug information',
  })
}
