import { formatOperation } from './format.ts'
import { type GeneratedName, MAKERS } from './generate-operations.ts'
import { World } from './generate-world.ts'
import { parseScenario } from './parse.ts'
import type { Scenario, SingleWords } from './syntax.ts'

/** What a generated scenario is like. */
export interface GenerateOptions {
  /** How many operations it has, the first ones that lay out its files included: 12 … 10,000. Default 30. */
  readonly operations?: number | undefined
  /** Whether files come to share blocks, for file systems that can; default false. */
  readonly reflink?: boolean | undefined
  /** Whether stores to private mappings of files wait for a frozen file system too (kernels that do not hold I31). */
  readonly privateStoresWait?: boolean | undefined
}

/** Percent of operations that a child executes, once there is one. */
const BY_CHILDREN = 30
/** Percent of operations that end a freeze. */
const THAWS = 20
/** How often `reflink` comes where it can, in the measure of {@link MAKERS}. */
const REFLINK_WEIGHT = 5

/**
 * A random scenario: the same for the same seed and options, for ever. Every operation of the language comes (`reflink`
 * only where it is asked for), in themes
 * (small files, areas, forks, file calls, freezing, 2 MiB pages, wrong arguments), aimed at pages and names that come
 * again, so that operations meet. None waits for ever: what writes to a file system is left out while it is frozen.
 *
 * @param seed An integer; its low 32 bits count.
 */
export function generateScenario(seed: number, options: GenerateOptions = {}): Scenario {
  const count = Math.min(Math.max(options.operations ?? 30, 12), 10_000)
  const reflink = options.reflink === true ? REFLINK_WEIGHT : 0
  const world = new World(seed, options.privateStoresWait === true)
  const lines = layOut(world)
  if (reflink > 0) lines.push(...shareBlocks(world))
  while (lines.length < count) lines.push(line(world, reflink))
  if (world.frozen) lines[lines.length - 1] = 'thaw'
  return parseScenario(lines.join('\n'), { name: `random-${seed >>> 0}` })
}

/** At most seven operations: files with holes, written blocks and unwritten ones, and a first mapping. */
function layOut(world: World): string[] {
  const { random, first } = world
  const words: SingleWords[] = []
  for (const file of random.chance(60) ? ['a'] : ['a', 'b']) {
    const size = world.size()
    first.files.set(file, size)
    words.push({ op: 'create', file, size })
    if (random.chance(25)) words.push({ op: 'falloc', file, offset: 0, length: Math.max(1, size) })
    if (random.chance(70))
      words.push({ op: 'fill', file, ...world.range(size), byte: random.between(1, 255) })
  }
  const made = MAKERS.mmap[1](world, first)
  if (made !== null) words.push(made)
  return words.filter(fits).map((each) => formatOperation({ ...each, who: null }))
}

/** A file that has what the first one has, with a mapping. */
function shareBlocks(world: World): string[] {
  const { first, random } = world
  const size = first.files.get('a')!
  first.files.set('c', size)
  world.shared.add('a').add('c')
  const words: (SingleWords | null)[] = [
    { op: 'create', file: 'c', size: 0 },
    { op: 'reflink', file: 'a', to: 'c' },
    random.chance(70) ? MAKERS.mmap[1](world, first) : null,
  ]
  return words
    .filter((each) => each !== null)
    .filter(fits)
    .map((each) => formatOperation({ ...each, who: null }))
}

/** The recorder holds the bytes of a fill in memory, and a range has to be exact. */
function fits(words: SingleWords): boolean {
  return words.op !== 'fill' || (words.length <= 2 ** 26 && words.offset <= 2 ** 44)
}

function line(world: World, reflink: number): string {
  const { random, theme } = world
  const table = Object.entries(MAKERS).map(([name, [weight]]): [number, GeneratedName] => [
    name === 'reflink' ? reflink : weight * (theme.favours[name] ?? 1),
    name as GeneratedName,
  ])
  for (;;) {
    const name = world.frozen && random.chance(THAWS) ? 'thaw' : random.weighted(table)
    const children = [...world.children.keys()]
    const child = children.length > 0 && random.chance(BY_CHILDREN) ? random.pick(children) : null
    const words = MAKERS[name][1](world, world.processOf(child))
    if (words !== null && fits(words))
      return formatOperation({ ...words, who: words.op === 'fork' ? null : child })
  }
}
