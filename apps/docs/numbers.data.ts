import { mmModel } from './tools/command-line.ts'

/** What one strategy does for the first store to a written page. */
export interface FirstStore {
  readonly strategy: string
  readonly faults: readonly string[]
  readonly instructions: number
}

/** Figures of this version, from its own command line. */
export interface Numbers {
  readonly firstStore: readonly FirstStore[]
  readonly verified: {
    readonly operations: number
    readonly agreeing: number
    readonly scenarios: number
    readonly clean: number
  }
}

declare const data: Numbers

export { data }

const recordings = 'fixtures/kernel-observations'

export default {
  load(): Numbers {
    const compared = run('compare', 'examples/first-write.scn', '--strategies', 'retry,mkwrite')
    const verified = run('verify', `${recordings}/linux-6.1-ext4`, '--scenarios', `${recordings}/scenarios`)
    return {
      firstStore: compared.strategies.map(({ strategy, operations }: Compared) => {
        const store = operations.find(({ op }) => op === 'store m 0x0 2')
        if (store?.instructions == null)
          throw new Error(`compare tells no cost of the first store under ${strategy}`)
        return {
          strategy,
          faults: Object.keys(store.costs.faultsByError).sort(),
          instructions: Math.round(store.instructions),
        }
      }),
      verified: {
        operations: verified.operations,
        agreeing: verified.agreeing.path,
        scenarios: verified.scenarios,
        clean: verified.clean.path,
      },
    }
  },
}

interface Compared {
  readonly strategy: string
  readonly operations: readonly {
    readonly op: string
    readonly costs: { readonly faultsByError: Readonly<Record<string, number>> }
    readonly instructions: number | null
  }[]
}

// biome-ignore lint/suspicious/noExplicitAny: what is missing from it ends the build where it is read.
function run(...args: readonly string[]): any {
  const { status, stdout, stderr } = mmModel([...args, '--json'])
  // Status 1 is a finding, and is told like any other.
  if (status !== 0 && status !== 1)
    throw new Error(`mm-model ${args.join(' ')} ended in ${status}:\n${stderr}`)
  return JSON.parse(stdout)
}
