/**
 * The worker thread that searches, so that the program hears Ctrl-C meanwhile: started by `workers.ts`.
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads'
import { MachineError } from '@mm-model/core'
import { ScenarioError } from '@mm-model/scenario'
import { BUILT_IN } from '../strategy/built-in.ts'
import { loadPlugin } from '../strategy/load.ts'
import { type Answer, ASKED_TO_STOP, type Assignment } from './messages.ts'
import { searchPart } from './search-task.ts'

async function main({ task, part, strategy, plugin, stop }: Assignment): Promise<void> {
  const answer = (message: Answer): void => parentPort!.postMessage(message)
  const asked = new Int32Array(stop)
  try {
    const chosen =
      plugin === null
        ? BUILT_IN.find(({ name }) => name === strategy)!
        : await loadPlugin(strategy, plugin, null)
    const found = searchPart(task, chosen, part, (at) => {
      answer({ kind: 'progress', at })
      return Atomics.load(asked, 0) !== ASKED_TO_STOP
    })
    answer({ kind: 'found', found })
  } catch (error) {
    if (error instanceof MachineError || error instanceof ScenarioError) {
      const { found, expected, remedy } = error
      answer({ kind: 'refused', found, expected, remedy })
      return
    }
    answer({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
  }
}

void main(workerData as Assignment)
