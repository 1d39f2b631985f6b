import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoted } from './capture-error.ts'
import { argumentError, type Command, type ExitCode, type Terminal } from './command.ts'
import { count } from './count.ts'
import { type Run, tableText } from './count-table.ts'
import { makeFolder, writeText } from './files.ts'
import { defaultCache } from './kernel-image.ts'
import { findKernel, KERNELS, type KernelDefinition, strategyOf } from './kernels.ts'
import { COUNTED_FILE_SYSTEMS, DEFAULT_CPU } from './machine.ts'
import { requireProgram } from './programs.ts'
import { PROGRAMS, prepareImage } from './record.ts'

const COUNTED: readonly string[] = Object.keys(COUNTED_FILE_SYSTEMS)

export const countCommand: Command = {
  name: 'count',
  summary: 'Counts the instructions of loads and stores in every combination, and writes one JSON file.',
  operands: [],
  options: {
    kernel: { value: KERNELS.map(({ name }) => name).join('|'), required: true, help: 'which kernel' },
    fs: { value: 'FS,…', help: `which file systems (default: ${COUNTED.join(',')})` },
    strategy: {
      value: 'NAME,…',
      help: 'which write-fault strategies of the kernel (default: all that it has)',
    },
    out: { value: 'FILE', required: true, help: 'the file to write; it must not exist' },
    cpu: { value: 'CPU', help: `QEMU’s -cpu (default: ${DEFAULT_CPU})` },
    cache: { value: 'DIR', help: `where images are kept (default: ${defaultCache()})` },
  },
  notes: [
    'xfs is made with reflink=1 for it. One guest for each file system and strategy, one after the other.',
    'The head of the file says what each key means.',
  ],
  examples: [
    'pnpm capture count --kernel 6.1-strategies --out /tmp/costs.json',
    'pnpm capture count --kernel 6.1 --fs ext4 --out /tmp/debian.json',
  ],
  async run(words, terminal) {
    const definition = findKernel(words.text('kernel', ''))
    const out = words.text('out', '')
    if (existsSync(out)) throw argumentError('--out', `${out}, which exists`, 'a new file')
    const systems = words.text('fs', COUNTED.join(',')).split(',')
    for (const fs of systems)
      if (!COUNTED.includes(fs)) throw argumentError('--fs', quoted(fs), `some of ${COUNTED.join(',')}`)
    const strategies = words.optional('strategy')?.split(',') ?? definition.build?.strategies ?? []
    const chosen = strategies.length === 0 ? [null] : strategies.map((name) => strategyOf(definition, name))
    return countAll(
      {
        definition,
        systems,
        strategies: chosen,
        out,
        cpu: words.text('cpu', DEFAULT_CPU),
        cache: words.text('cache', defaultCache()),
      },
      terminal,
    )
  },
}

export interface CountAll {
  readonly definition: KernelDefinition
  readonly systems: readonly string[]
  readonly strategies: readonly (string | null)[]
  readonly out: string
  readonly cpu: string
  readonly cache: string
}

/** Counts on each file system under each strategy, and writes the table. */
export async function countAll(
  { definition, systems, strategies, out, cpu, cache }: CountAll,
  { print, tell }: Terminal,
): Promise<ExitCode> {
  for (const program of PROGRAMS) requireProgram(program)
  makeFolder(join(out, '..'))
  const work = mkdtempSync(join(tmpdir(), 'mm-model-capture-'))
  try {
    const image = prepareImage({ definition, imageFile: null, cache }, work, tell)
    const runs: Run[] = []
    const begun = performance.now()
    for (const fs of systems)
      for (const strategy of strategies) {
        const counts = await count({ image, strategy, fs, cpu }, tell)
        runs.push({ fs, strategy: strategy ?? definition.name, counts })
      }
    writeText(out, tableText({ kernel: `${definition.title}; mitigations=off, nopti` }, runs))
    const numbers = runs.reduce((sum, { counts }) => sum + counts.size, 0)
    print(`${numbers} numbers in ${out}; ${Math.round((performance.now() - begun) / 1000)} seconds`)
    return 0
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
