import { installPackages, missingPackages } from './apt.ts'
import type { Command } from './command.ts'
import { defaultCache } from './kernel-image.ts'
import { findKernel, KERNELS, strategyOf } from './kernels.ts'
import { DEFAULT_CPU, FILE_SYSTEMS, SIGNAL_STACKS } from './machine.ts'
import { record } from './record.ts'

export const recordCommand: Command = {
  name: 'record',
  summary: 'Boots a kernel, runs the scenarios of a folder on it, and writes one recording for each.',
  operands: [],
  options: {
    kernel: { value: KERNELS.map(({ name }) => name).join('|'), required: true, help: 'which kernel' },
    fs: { value: FILE_SYSTEMS.join('|'), help: 'which file system, mounted with dax=always (default: ext4)' },
    scenarios: { value: 'DIR', required: true, help: 'folder of scenario files (*.scn)' },
    out: { value: 'DIR', required: true, help: 'folder for the recordings; it must not have any yet' },
    name: { value: 'NAME', help: 'what recordings say under `kernel` (default: the name of the kernel)' },
    strategy: {
      value: 'NAME',
      help: 'the write-fault strategy, of a kernel that has several (`pnpm capture kernels` lists them)',
    },
    kargs: { value: 'ARGS', help: 'more kernel arguments, as transparent_hugepage=never' },
    cpu: { value: 'CPU', help: `QEMU’s -cpu (default: ${DEFAULT_CPU})` },
    'signal-stack': {
      value: SIGNAL_STACKS.join('|'),
      help: 'whether the agent’s first signal takes a frame (cold), as it did in linux-6.12-ext4 (default: warm)',
    },
    image: { value: 'FILE.deb', help: 'a kernel package on disk instead of the one that apt has' },
    log: { value: 'FILE', help: 'keep the agent’s log here; `pnpm capture observe` reads it' },
    timeout: { value: 'SECONDS', help: 'end the guest after so long (default: by the number of operations)' },
    cache: { value: 'DIR', help: `where images are kept (default: ${defaultCache()})` },
    install: { help: 'first install the Debian packages that are missing, as `pnpm capture install` does' },
  },
  notes: [
    'Everything is emulated in software; /dev/kvm is not used. The 161 shipped scenarios take about a minute.',
    'A scenario 000-zero, which teaches the harness the zero page, is run first and has no recording.',
  ],
  examples: [
    'pnpm capture record --install --kernel 6.1 --fs ext4 --scenarios fixtures/kernel-observations/scenarios --out /tmp/6.1',
    'pnpm capture record --kernel 6.1 --cpu max,la57=on,-smap --scenarios examples --out /tmp/la57',
  ],
  run(words, terminal) {
    const definition = findKernel(words.text('kernel', ''))
    const fs = words.choice('fs', FILE_SYSTEMS, 'ext4')
    const timeoutSeconds = words.optional('timeout') === null ? null : words.count('timeout', 1)
    if (words.flag('install')) {
      const missing = missingPackages(definition.build !== undefined)
      if (missing.length > 0) installPackages(missing, terminal.tell)
    }
    return record(
      {
        definition,
        fs,
        scenarios: words.text('scenarios', ''),
        out: words.text('out', ''),
        name: words.text('name', definition.build?.recordedAs ?? definition.name),
        strategy: strategyOf(definition, words.optional('strategy')),
        kernelArguments: words.text('kargs', ''),
        signalStack: words.choice('signal-stack', SIGNAL_STACKS, 'warm'),
        cpu: words.text('cpu', DEFAULT_CPU),
        imageFile: words.optional('image'),
        logFile: words.optional('log'),
        cache: words.text('cache', defaultCache()),
        timeoutSeconds,
      },
      terminal,
    )
  },
}
