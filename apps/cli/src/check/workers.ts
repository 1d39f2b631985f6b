import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import {
  type Checkpoint,
  type Exploration,
  joinExplorations,
  type Program,
  type Progress,
  sharedMemory,
} from '@mm-model/check'
import { MachineError, type WriteFaultStrategy } from '@mm-model/core'
import { type Answer, ASKED_TO_STOP, type Assignment } from './messages.ts'
import { type SearchPart, type SearchTask, searchPart } from './search-task.ts'

/** The built program has it beside itself; run from its sources there is none, and one search runs in this thread. */
const WORKER = new URL('./check-worker.js', import.meta.url)

/** Steps that the first job runs alone: what takes no longer is not worth the start of another thread. */
const STEPS_ALONE = 20_000

/** How to get the strategy. */
export interface ChosenStrategy {
  readonly strategy: WriteFaultStrategy
  readonly name: string
  /** File of a plugin, or null for one that is built in. */
  readonly plugin: string | null
}

/** What is searched, by how many jobs, and from where. */
export interface Search {
  readonly task: SearchTask
  readonly program: Program
  readonly shard: SearchPart['shard']
  readonly resume: Checkpoint | undefined
  readonly jobs: number
}

/**
 * Searches in a worker thread, and, once it has run for a while, in some more that share what they are through with. What all came to:
 * as soon as one is through, or finds something, or on Ctrl-C, the others stop.
 */
export async function searchInWorkers(
  search: Search,
  chosen: ChosenStrategy,
  show: (at: Progress) => void,
): Promise<Exploration> {
  const { task, shard, resume, jobs } = search
  if (!existsSync(fileURLToPath(WORKER))) {
    return searchPart(task, chosen.strategy, { shard, resume }, (at) => {
      show(at)
      return undefined
    })
  }
  const found = await searchTogether(search, chosen, show)
  // Only the locks of several searches together are out of order: where, a search by itself comes to.
  const isOfAll = found.counterexample !== null && found.counterexample.schedule.length === 0
  return isOfAll && jobs > 1 ? searchTogether({ ...search, jobs: 1 }, chosen, show) : found
}

async function searchTogether(
  { task, program, shard, resume, jobs }: Search,
  chosen: ChosenStrategy,
  show: (at: Progress) => void,
): Promise<Exploration> {
  const stop = new SharedArrayBuffer(4)
  const memory = jobs === 1 ? null : sharedMemory(program, task.limits.maxStates)
  const assign = (member: number): Assignment => ({
    task: { ...task, limits: limitsOf(task.limits, resume, member, jobs) },
    part: {
      shard,
      // What was run before counts once.
      resume: resume === undefined || member === 0 ? resume : { ...resume, counts: startOf(resume) },
      together: memory === null ? undefined : { memory, member },
    },
    strategy: chosen.name,
    plugin: chosen.plugin,
    stop,
  })
  const ask = (): void => {
    Atomics.store(new Int32Array(stop), 0, ASKED_TO_STOP)
    // Who asks once more does not want to wait.
    process.removeListener('SIGINT', ask)
  }
  process.on('SIGINT', ask)
  const alone = (resume?.counts.steps ?? 0) + STEPS_ALONE
  const workers: Worker[] = []
  const at: Progress[] = []
  const running: Promise<Exploration>[] = []
  const begin = (member: number): void => {
    const worker = new Worker(WORKER, { workerData: assign(member) })
    workers.push(worker)
    const said = answerOf(worker, (progress) => {
      at[member] = progress
      show(together(at))
      if (member > 0 || workers.length > 1 || progress.steps < alone) return
      for (let other = 1; other < jobs; other++) begin(other)
    })
    const result = said.then(
      (found) => {
        if (found.outcome !== 'not exhausted') ask()
        return found
      },
      (error) => {
        ask()
        throw error
      },
    )
    // It is waited for below, after those that began before it.
    result.catch(() => {})
    running.push(result)
  }
  try {
    begin(0)
    // The first starts the others before it is through, or not at all.
    for (let n = 0; n < running.length; n++) await running[n]
    return joinExplorations(await Promise.all(running))
  } finally {
    process.removeListener('SIGINT', ask)
    for (const worker of workers) void worker.terminate()
  }
}

/** A member's part of the limits, so that all together keep to them: the first has what it may run alone, and the rest is divided. */
function limitsOf(
  limits: SearchTask['limits'],
  resume: Checkpoint | undefined,
  member: number,
  jobs: number,
): SearchTask['limits'] {
  if (jobs === 1) return limits
  const share = (limit: number | undefined, before = 0): number | undefined => {
    if (limit === undefined) return undefined
    const each = Math.floor(Math.max(0, limit - before - STEPS_ALONE) / jobs)
    return member === 0 ? limit - each * (jobs - 1) : each
  }
  return {
    ...limits,
    maxSteps: share(limits.maxSteps, resume?.counts.steps),
    maxExecutions: share(limits.maxExecutions, resume?.counts.executions),
  }
}

function startOf({ counts: { locks } }: Checkpoint): Checkpoint['counts'] {
  return { executions: 0, steps: 0, redundant: 0, matched: 0, states: 0, locks }
}

function answerOf(worker: Worker, show: (at: Progress) => void): Promise<Exploration> {
  return new Promise((resolve, reject) => {
    worker.on('message', (answer: Answer) => {
      if (answer.kind === 'progress') show(answer.at)
      else if (answer.kind === 'found') resolve(answer.found)
      else if (answer.kind === 'refused') reject(new MachineError('BAD_CONFIGURATION', answer))
      else reject(answer.error)
    })
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a worker ended without an answer')))
  })
}

/** How far several are: each is on its way through all. */
function together(all: readonly Progress[]): Progress {
  const sum = (of: (at: Progress) => number): number => all.reduce((total, at) => total + of(at), 0)
  const most = (of: (at: Progress) => number): number => all.reduce((most, at) => Math.max(most, of(at)), 0)
  return {
    executions: sum((at) => at.executions),
    steps: sum((at) => at.steps),
    states: most((at) => at.states),
    depth: most((at) => at.depth),
    fraction: most((at) => at.fraction),
  }
}
