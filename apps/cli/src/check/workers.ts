import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Exploration, Progress } from '@mm-model/check'
import type { WriteFaultStrategy } from '@mm-model/core'
import { type Answer, ASKED_TO_STOP, type Assignment } from './messages.ts'
import { type SearchPart, type SearchTask, searchPart } from './search-task.ts'

/** The built program has it beside itself; run from its sources there is none, and one search runs in this thread. */
const WORKER = new URL('./check-worker.js', import.meta.url)

/** How to get the strategy. */
export interface ChosenStrategy {
  readonly strategy: WriteFaultStrategy
  readonly name: string
  /** File of a plugin, or null for one that is built in. */
  readonly plugin: string | null
}

/**
 * Searches the parts, each in a worker thread of its own; what each came to, in their order. Ctrl-C, or a part that finds
 * something, stops the others, which answer with checkpoints.
 */
export async function searchParts(
  task: SearchTask,
  chosen: ChosenStrategy,
  parts: readonly SearchPart[],
  show: (at: Progress) => void,
): Promise<Exploration[]> {
  if (!existsSync(fileURLToPath(WORKER))) {
    return parts.map((part) =>
      searchPart(task, chosen.strategy, part, (at) => {
        show(at)
        return undefined
      }),
    )
  }
  const stop = new SharedArrayBuffer(4)
  const ask = (): void => {
    Atomics.store(new Int32Array(stop), 0, ASKED_TO_STOP)
    // Who asks once more does not want to wait.
    process.removeListener('SIGINT', ask)
  }
  process.on('SIGINT', ask)
  const at = new Map<number, Progress>()
  try {
    return await Promise.all(
      parts.map(async (part, i) => {
        const assignment = { task, part, strategy: chosen.name, plugin: chosen.plugin, stop }
        const found = await run(assignment, (progress) => {
          at.set(i, progress)
          show(together([...at.values()], parts.length))
        })
        if (found.outcome === 'violated') ask()
        return found
      }),
    )
  } finally {
    process.removeListener('SIGINT', ask)
  }
}

function run(assignment: Assignment, show: (at: Progress) => void): Promise<Exploration> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: assignment })
    worker.on('message', (answer: Answer) => {
      if (answer.kind === 'progress') show(answer.at)
      else {
        if (answer.kind === 'found') resolve(answer.found)
        else reject(answer.error)
        void worker.terminate()
      }
    })
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a worker ended without an answer')))
  })
}

/** How far several are. */
function together(all: readonly Progress[], parts: number): Progress {
  const sum = (of: (at: Progress) => number): number => all.reduce((total, at) => total + of(at), 0)
  return {
    executions: sum((at) => at.executions),
    steps: sum((at) => at.steps),
    states: sum((at) => at.states),
    depth: Math.max(...all.map((at) => at.depth)),
    fraction: sum((at) => at.fraction) / parts,
  }
}
