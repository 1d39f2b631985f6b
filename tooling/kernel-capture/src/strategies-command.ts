import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages, missingPackages } from './apt.ts'
import { argumentError, type Command, type ExitCode } from './command.ts'
import { countAll } from './count-command.ts'
import { defaultCache } from './kernel-image.ts'
import { findKernel } from './kernels.ts'
import { COUNTED_FILE_SYSTEMS, DEFAULT_CPU } from './machine.ts'
import { record } from './record.ts'

/** The kernel that has strategies. */
const KERNEL: string = '6.1-strategies'

/** The file system that the shipped recordings of strategies are of. */
const RECORDED_FS: string = 'ext4'

export const strategiesCommand: Command = {
  name: 'strategies',
  summary: 'Builds the kernel with all write-fault strategies, records scenarios under each, and counts.',
  operands: [],
  options: {
    scenarios: { value: 'DIR', required: true, help: 'folder of scenario files (*.scn)' },
    out: {
      value: 'DIR',
      required: true,
      help: 'folder for the folders of recordings and the table of counts',
    },
    cache: { value: 'DIR', help: `where the kernel is kept (default: ${defaultCache()})` },
    install: { help: 'first install the Debian packages that are missing' },
  },
  notes: [
    'Does what `record --kernel 6.1-strategies --strategy NAME` and `count --kernel 6.1-strategies` do, for each.',
    'The kernel is built once, which takes some 10 minutes of two processors; the README says how long the rest takes.',
  ],
  examples: [
    'pnpm capture strategies --install --scenarios fixtures/kernel-observations/scenarios --out /tmp/all',
  ],
  async run(words, terminal) {
    const definition = findKernel(KERNEL)
    const strategies = definition.build?.strategies ?? []
    const [out, cache] = [words.text('out', ''), words.text('cache', defaultCache())]
    const table = join(out, 'costs-by-combination.json')
    if (existsSync(table)) throw argumentError('--out', `${table}, which exists`, 'a folder without it')
    if (words.flag('install')) {
      const missing = missingPackages(true)
      if (missing.length > 0) installPackages(missing, terminal.tell)
    }
    let worst: ExitCode = 0
    for (const strategy of strategies) {
      const code = await record(
        {
          definition,
          fs: RECORDED_FS,
          scenarios: words.text('scenarios', ''),
          out: join(out, `linux-${definition.build?.recordedAs}-${RECORDED_FS}-${strategy}`),
          name: definition.build?.recordedAs ?? definition.name,
          kernelArguments: '',
          strategy,
          signalStack: 'warm',
          cpu: DEFAULT_CPU,
          imageFile: null,
          logFile: null,
          cache,
          timeoutSeconds: null,
        },
        terminal,
      )
      if (code !== 0) worst = code
    }
    await countAll(
      {
        definition,
        systems: Object.keys(COUNTED_FILE_SYSTEMS),
        strategies,
        out: table,
        cpu: DEFAULT_CPU,
        cache,
      },
      terminal,
    )
    return worst
  },
}
