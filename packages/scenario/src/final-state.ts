import type { Observation, PteObservation, VmaObservation } from './observation.ts'
import { operationLine } from './operation-line.ts'

/** A process as its last operation left it. */
export interface FinalProcess {
  /** `@c1`, or `first process`. */
  readonly name: string
  readonly ptes: readonly PteObservation[]
  readonly vmas: readonly VmaObservation[]
}

/** A file as the last operation that touched it left it. */
export interface FinalFile {
  readonly name: string
  readonly size: number
  readonly blocks: number
  /** The operation that changed the time last, as `operation 7`; times themselves are no observation. */
  readonly mtime: string
  readonly ctime: string
  /**
   * Digest of the bytes, equal for equal files; only a run of the model has it, since recordings do not read files
   * back.
   */
  readonly data?: string | undefined
}

/** What is left when a scenario ends, as far as its observation tells. */
export interface FinalState {
  readonly processes: readonly FinalProcess[]
  readonly files: readonly FinalFile[]
}

/**
 * Reads the state at the end of a scenario off its observation. `digests` are of the bytes of files, by name, where
 * somebody could read them.
 */
export function finalStateOf(observation: Observation, digests?: ReadonlyMap<string, string>): FinalState {
  const processes = new Map<string, FinalProcess>()
  const owners = new Map<string, string>()
  const files = new Map<string, FinalFile>()
  for (const [i, { op, ptes, vmas, files: touched }] of observation.ops.entries()) {
    const { process, words } = operationLine(op)
    const name = owners.get(process) ?? (process === '' ? 'first process' : process)
    if (words[0] === 'thread') owners.set(`@${words[1]}`, name)
    // A fork is observed without the areas of its process.
    processes.set(name, { name, ptes, vmas: words[0] === 'fork' ? (processes.get(name)?.vmas ?? []) : vmas })
    const now = `operation ${i + 1}`
    for (const { name, size, blocks, mtime, ctime } of touched) {
      const before = files.get(name)
      files.set(name, {
        name,
        size,
        blocks,
        mtime: mtime ? now : (before?.mtime ?? 'never'),
        ctime: ctime ? now : (before?.ctime ?? 'never'),
      })
    }
  }
  const withData = [...files.values()].map((file) => {
    const data = digests?.get(file.name)
    return data === undefined ? file : { ...file, data }
  })
  return { processes: [...processes.values()], files: withData }
}
