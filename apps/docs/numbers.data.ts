import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { mmModel, root } from './tools/command-line.ts'

/** What one strategy does for the first store to a written page. */
export interface FirstStore {
  readonly strategy: string
  readonly faults: readonly string[]
  readonly instructions: number
}

/** How the model does on the recordings of one kernel and file system. */
export interface Verified {
  readonly kernel: string
  readonly fs: string
  readonly operations: number
  readonly agreeing: number
  readonly scenarios: number
}

/** What this version says of itself. */
export interface Numbers {
  readonly firstStore: readonly FirstStore[]
  /** Those recordings of unpatched kernels that the model runs. */
  readonly verified: readonly Verified[]
  /** The paragraph of the README that says what is modelled and what is not, as HTML. */
  readonly scope: string
}

declare const data: Numbers

export { data }

const recordings = 'fixtures/kernel-observations'

export default {
  load(): Numbers {
    return { firstStore: firstStores(), verified: verifications(), scope: scope() }
  },
}

function firstStores(): FirstStore[] {
  const compared = run('compare', 'examples/first-write.scn', '--strategies', 'retry,mkwrite')
  return compared.strategies.map(({ strategy, operations }: Compared) => {
    const store = operations.find(({ op }) => op === 'store m 0x0 2')
    if (store?.instructions == null)
      throw new Error(`compare tells no cost of the first store under ${strategy}`)
    return {
      strategy,
      faults: Object.keys(store.costs.faultsByError).sort(),
      instructions: Math.round(store.instructions),
    }
  })
}

function verifications(): Verified[] {
  return readdirSync(resolve(root, recordings)).flatMap((folder) => {
    const [, kernel, fs] = /^linux-([\d.]+)-(ext4|xfs|ext2)$/.exec(folder) ?? []
    if (kernel === undefined || fs === undefined) return []
    const scenarios = ['--scenarios', `${recordings}/scenarios`]
    const told = run('verify', `${recordings}/${folder}`, ...scenarios, '--kernel', kernel, '--fs', fs)
    if (told === null) return []
    const { operations, agreeing } = told
    return [{ kernel, fs, operations, agreeing: agreeing.path, scenarios: told.scenarios }]
  })
}

function scope(): string {
  const readme = readFileSync(resolve(root, 'README.md'), 'utf8')
  const [, paragraph] = /^(Modelled so far: [\s\S]+?)\n\n/m.exec(readme) ?? []
  if (paragraph === undefined)
    throw new Error('README.md has no paragraph that starts with “Modelled so far: ”')
  return paragraph
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
}

interface Compared {
  readonly strategy: string
  readonly operations: readonly {
    readonly op: string
    readonly costs: { readonly faultsByError: Readonly<Record<string, number>> }
    readonly instructions: number | null
  }[]
}

/** What a command prints as JSON, or `null` if it refuses what it is asked for. */
// biome-ignore lint/suspicious/noExplicitAny: what is missing from it ends the build where it is read.
function run(...args: readonly string[]): any {
  const { status, stdout, stderr } = mmModel([...args, '--json'])
  if (status === 2 && stderr.includes('not built yet')) return null
  // Status 1 is a finding, and is told like any other.
  if (status !== 0 && status !== 1)
    throw new Error(`mm-model ${args.join(' ')} ended in ${status}:\n${stderr}`)
  return JSON.parse(stdout)
}
