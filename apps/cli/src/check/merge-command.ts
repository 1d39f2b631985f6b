import { type Counterexample, type Exploration, mergeExplorations } from '@mm-model/check'
import { command, type ExitCode } from '../command.ts'
import { InputError } from '../input-error.ts'
import { counted } from '../table.ts'
import { EXIT_CODES, numbers, printWrong, summaryOf } from './check-report.ts'
import { readJson } from './search-files.ts'

/** What `mm-model check --shard … --json` prints, as far as it is looked at here. */
interface ShardFile extends ReturnType<typeof summaryOf> {
  readonly scenario: string
  readonly search: string
  readonly shard: { readonly index: number; readonly count: number }
  readonly counterexample: (Omit<Counterexample, 'schedule'> & { readonly steps: readonly [] }) | null
}

/** `mm-model check merge`: what the shards of a search came to together. */
export const mergeCommand = command({
  name: 'check merge',
  summary: 'Say what a search came to whose shards were run one by one, on one machine or several.',
  many: true,
  args: {
    files: {
      type: 'positional',
      required: true,
      valueHint: 'SHARD.json',
      description: 'what `mm-model check FILE.scn --shard I/N --json` printed, for each I',
    },
    json: { type: 'boolean', description: 'print JSON' },
  },
  notes: ['Exit codes are those of `mm-model check`.'],
  examples: [
    'mm-model check examples/writer-and-fsync.scn --shard 1/2 --json > 1.json',
    'mm-model check examples/writer-and-fsync.scn --shard 2/2 --json > 2.json',
    'mm-model check merge 1.json 2.json',
  ],
  run: (args, terminal): ExitCode => {
    const paths = args._
    const shards = paths.map((path) => readShard(path))
    refuseOthers(paths, shards)
    const merged = mergeExplorations(shards.map(explorationOf))
    const at = shards.findIndex(({ verdict }) => verdict === merged.verdict)
    const { outcome, verdict } = merged
    if (args.json) {
      const counterexample = at < 0 ? merged.counterexample : shards[at]!.counterexample
      terminal.printJson({
        scenario: shards[0]!.scenario,
        ...summaryOf(merged),
        counterexample: outcome === 'violated' ? counterexample : null,
      })
    } else {
      const { print, colors } = terminal
      print(`${colors.bold(shards[0]!.scenario)}  ${colors.dim(counted(shards.length, 'shard'))}`)
      if (merged.counterexample === null)
        print(outcome === 'holds' ? colors.green(verdict) : colors.yellow(verdict))
      else {
        printWrong(merged.counterexample, colors, print)
        if (at >= 0) print(`the schedule is in ${paths[at]}`)
      }
      print(numbers(merged))
    }
    return EXIT_CODES[outcome]
  },
})

function readShard(path: string): ShardFile {
  const remedy = 'give what `mm-model check FILE.scn --shard I/N --json` printed'
  const file = readJson(path, remedy) as ShardFile | null
  const counts = [file?.executions, file?.steps, file?.states, file?.matched, file?.redundant]
  const isShard =
    file !== null &&
    typeof file === 'object' &&
    Object.hasOwn(EXIT_CODES, file.outcome ?? '') &&
    typeof file.search === 'string' &&
    counts.every((count) => Number.isInteger(count)) &&
    Array.isArray(file.locks) &&
    Number.isInteger(file.shard?.index) &&
    Number.isInteger(file.shard?.count) &&
    (file.outcome !== 'violated' || Array.isArray(file.counterexample?.steps))
  if (!isShard) throw new InputError(path, 'is no shard of a search', remedy)
  return file
}

/** Shards of one search, each once, none missing. */
function refuseOthers(paths: readonly string[], shards: readonly ShardFile[]): void {
  const { search, shard } = shards[0]!
  const seen = new Map<number, string>()
  for (const [i, other] of shards.entries()) {
    if (other.search !== search)
      throw new InputError(
        paths[i]!,
        `is a shard of another search than ${paths[0]!}`,
        'merge what one scenario gave with the same flags',
      )
    const { index } = other.shard
    const before = seen.get(index)
    if (before !== undefined)
      throw new InputError(paths[i]!, `is shard ${index}, and so is ${before}`, 'give each shard once')
    seen.set(index, paths[i]!)
  }
  for (let index = 1; index <= shard.count; index++) {
    if (!seen.has(index))
      throw new InputError(
        'check merge',
        `shard ${index} of ${shard.count} is missing`,
        'run it, and give what it printed, too',
      )
  }
}

function explorationOf({ counterexample, ...shard }: ShardFile): Exploration {
  return {
    ...shard,
    finalStates: new Map(),
    checkpoint: null,
    counterexample: counterexample === null ? null : { ...counterexample, schedule: counterexample.steps },
  }
}
