import type { Command } from './command.ts'
import { readText } from './files.ts'
import { findKernel, KERNELS } from './kernels.ts'
import { FILE_SYSTEMS } from './machine.ts'
import { observe } from './observe/observe.ts'
import { checkOut, writeObserved } from './record.ts'

export const observeCommand: Command = {
  name: 'observe',
  summary: 'Makes recordings of a log that `pnpm capture record --log` has kept.',
  operands: ['LOG'],
  options: {
    kernel: { value: KERNELS.map(({ name }) => name).join('|'), required: true, help: 'which kernel' },
    fs: { value: FILE_SYSTEMS.join('|'), help: 'which file system (default: ext4)' },
    out: { value: 'DIR', required: true, help: 'folder for the recordings; it must not have any yet' },
    name: { value: 'NAME', help: 'what recordings say under `kernel` (default: the name of the kernel)' },
  },
  notes: ['docs/raw-log.md describes the log.'],
  examples: ['pnpm capture observe /tmp/6.1.log --kernel 6.1 --out /tmp/6.1'],
  run(words, terminal) {
    const kernel = findKernel(words.text('kernel', ''))
    const fs = words.choice('fs', FILE_SYSTEMS, 'ext4')
    const [log] = words.operands as readonly [string]
    checkOut(words.text('out', ''))
    const text = readText(log, 'the log of a run')
    const observed = observe(text, {
      kernel: words.text('name', kernel.build?.recordedAs ?? kernel.name),
      fs,
      place: log,
    })
    return writeObserved(observed, words.text('out', ''), terminal)
  },
}
