/**
 * Running a scenario on the model, and observing it the way real kernels were observed.
 * @module
 */

import {
  type DefectName,
  type KernelProfile,
  kernelByName,
  Machine,
  MachineError,
  runSteps,
  type StrategyDefinition,
  type StrategyWarning,
} from '@mm-model/core'
import type { DaxFile, SuperBlock } from '@mm-model/dax'
import { type Costs, costsOf } from './costs.ts'
import { type FinalState, finalStateOf } from './final-state.ts'
import type { FileObservation, Observation, OperationObservation, OperationResult } from './observation.ts'
import { deliverSignal, startAgent, WriteBuffer } from './runner/agent.ts'
import { architecture, DEFAULT_ARCH } from './runner/architectures.ts'
import { atOnce, type Calls, callsOf, type Form, type SteppedCalls } from './runner/calls.ts'
import { atLine } from './runner/endless.ts'
import { digestOf } from './runner/file-digest.ts'
import { fileSystem } from './runner/file-systems.ts'
import { InvariantMonitor } from './runner/invariants.ts'
import { EntryBits, Frames, Places } from './runner/names.ts'
import { Process } from './runner/process.ts'
import { type Recorder, record } from './runner/recorder.ts'
import { cpusOf, Session } from './runner/session.ts'
import { observePtes, observeVmas } from './runner/state.ts'
import type { Scenario, SingleOperation } from './syntax.ts'

/** What to run a scenario on. */
export interface RunOptions {
  /** One of `kernelNames` of `@mm-model/core`, or a profile of one's own. */
  readonly kernel: string | KernelProfile
  /** `ext4`, `xfs`, or `xfs-reflink`, whose files can share blocks. */
  readonly fs: string
  /**
   * `x86-64` (the default), or a configuration of another architecture by its name in `archByName` of `@mm-model/pgprot`, as
   * far as the kernel has it (`KernelProfile.otherArchs`).
   */
  readonly arch?: string | undefined
  readonly strategy: StrategyDefinition
  /** Checks what the strategy does with its context, and that it answers alike when asked twice (`MachineOptions`). */
  readonly checkStrategy?: boolean | undefined
  /** Bugs of old kernels to run with, by name (`defects` of `@mm-model/core`); left out, none. */
  readonly defects?: readonly DefectName[] | undefined
  /** Straight through (the default), or step by step; both observe the same. */
  readonly form?: Form | undefined
  /**
   * Told after each step of the stepped form, when another CPU could look: for rules about what is visible in between. Must not
   * change the machine.
   */
  readonly onStep?: ((machine: Machine) => void) | undefined
  /** Checks every invariant after every operation; slower by far. */
  readonly invariants?: boolean | undefined
}

/** What a run gave. */
export interface RunResult {
  readonly observation: Observation
  /** What each operation cost, read off the observation. */
  readonly costs: readonly Costs[]
  readonly finalState: FinalState
  /** Assertions of the strategy that did not hold. */
  readonly warnings: readonly StrategyWarning[]
}

/**
 * Runs a scenario on a fresh machine with a fresh file system.
 *
 * An operation that needs something the model does not have answers `notModelled`, and so does every later one, since
 * the state is no longer the kernel's.
 * @throws MachineError DEADLOCK for an operation that would block for ever, NO_PROGRESS for one that would fault for ever,
 * as it would on the kernel, with the line in its message;
 * BAD_CONFIGURATION for a kernel, file system or architecture that is not built, or an unknown defect
 * @throws InvariantViolation with `invariants`, when the model breaks one
 * @throws StrategyError when the strategy fails
 */
export function runScenario(scenario: Scenario, options: RunOptions): RunResult {
  const run = new Run(scenario, options)
  const ops = run.all()
  run.finish()
  const { fs, arch = DEFAULT_ARCH } = options
  const observation = {
    scenario: scenario.name,
    kernel: kernelOf(options).name,
    fs,
    ...(arch === DEFAULT_ARCH ? {} : { arch }),
    ops,
  }
  return {
    observation,
    costs: costsOf(observation),
    finalState: finalStateOf(observation, run.fileDigests()),
    warnings: run.warnings,
  }
}

function kernelOf({ kernel }: RunOptions): KernelProfile {
  return typeof kernel === 'object' && kernel !== null ? kernel : kernelByName(kernel)
}

/** Times and blocks of a file before an operation. */
interface FileStamp {
  readonly mtime: number
  readonly ctime: number
  readonly blocks: number
}

const NEW_FILE: FileStamp = { mtime: -1, ctime: -1, blocks: 0 }

/** A scenario in progress. */
class Run {
  readonly #machine: Machine
  readonly #calls: Calls
  readonly #atOnce: SteppedCalls
  readonly #bits: EntryBits
  readonly #frames: Frames
  readonly #places: Places = new Places()
  readonly #recorder: Recorder
  readonly #scenario: Scenario
  readonly #session: Session
  readonly #sb: SuperBlock
  readonly #monitor: InvariantMonitor | null
  /** Why operations are no longer run, once one was not modelled. */
  #broken: string | null = null

  constructor(scenario: Scenario, options: RunOptions) {
    const { strategy, checkStrategy, defects } = options
    const kernel = kernelOf(options)
    const arch = architecture(kernel, options.arch ?? DEFAULT_ARCH)
    const cpus = cpusOf(scenario)
    this.#scenario = scenario
    this.#machine = new Machine({ strategy, checkStrategy, kernel, arch, defects, cpus: cpus.size + 1 })
    this.#bits = new EntryBits(arch)
    const { onStep } = options
    this.#calls = callsOf(options.form ?? 'plain', onStep === undefined ? null : () => onStep(this.#machine))
    this.#atOnce = atOnce(this.#calls)
    this.#frames = new Frames(this.#machine)
    const places = this.#places
    const fs = fileSystem(options.fs, this.#machine.kernel)
    this.#sb = fs.mount(this.#machine)
    const first = Process.first(this.#machine.createTask(), new WriteBuffer())
    startAgent(first.task, this.#calls)
    fs.use(first.task, this.#calls, this.#sb)
    this.#session = new Session(first, this.#sb, cpus, places)
    this.#recorder = record(this.#machine, this.#frames, places, this.#bits)
    this.#monitor = options.invariants === true ? new InvariantMonitor(this.#sb, places) : null
  }

  /** All operations, in the order of {@link executionOrder}. */
  all(): OperationObservation[] {
    const session = this.#session
    return this.#scenario.ops.flatMap((operation) => {
      if (operation.op !== 'parallel') return [this.#step(operation, () => session.processOf(operation.who))]
      const staged = this.#broken === null ? session.begin(operation) : []
      const observed = operation.branches.flatMap(({ ops }, i) =>
        ops.map((each) => this.#step(each, () => staged[i]!.process)),
      )
      if (this.#broken === null) session.join(operation, staged)
      return observed
    })
  }

  #step(operation: SingleOperation, processOf: () => Process): OperationObservation {
    const { text: op } = operation
    if (this.#broken !== null) return { op, ...nothing({ notModelled: this.#broken }) }
    const process = processOf()
    this.#machine.tick()
    const before = stampFiles(process)
    this.#recorder.begin()
    this.#monitor?.begin(operation, process)
    let result: OperationResult
    try {
      result = runSteps(this.#session.execute(operation, process, this.#atOnce))
    } catch (error) {
      if (!(error instanceof MachineError)) throw error
      if (error.code === 'DEADLOCK') throw atLine(operation, error)
      if (error.code !== 'NOT_MODELLED')
        throw this.#monitor?.violationOf(operation, error) ?? atLine(operation, error)
      this.#broken = `after line ${operation.line}, which is not modelled`
      return { op, ...nothing({ notModelled: error.found.replace('not modelled: ', '') }) }
    }
    const child = operation.op === 'fork' ? this.#session.processOf(operation.childName).task : null
    this.#monitor?.end(operation, process, result, child)
    const { faults, events } = this.#recorder.end()
    if (writesOwnMemory(operation, result)) this.#recorder.find(process.task)
    if ('signal' in result) {
      deliverSignal(process.task, this.#calls)
      this.#monitor?.resume()
    }
    const isFork = operation.op === 'fork'
    const files = isFork ? [] : changedFiles(process, before)
    const ptes = this.#recorder.hasFound(process.task) ? observePtes(process, this.#frames, this.#bits) : []
    const vmas = isFork ? [] : observeVmas(process, this.#places)
    return { op, result, faults, events, files, ptes, vmas }
  }

  get warnings(): readonly StrategyWarning[] {
    return this.#machine.strategyHost.warnings
  }

  /** Ends the run. */
  finish(): void {
    if (this.#broken === null) this.#monitor?.finish()
  }

  /** Digests of what the files hold now, by name. */
  fileDigests(): Map<string, string> {
    return new Map(this.#sb.inodes.map((inode) => [inode.name, digestOf(inode)]))
  }
}

/**
 * Whether the recorded agent, executing the operation, stores to pages of its own that it may share with its parent: the
 * buffer of a write, or its table of mappings.
 */
function writesOwnMemory(operation: SingleOperation, result: OperationResult): boolean {
  if (operation.op === 'fill') return operation.length > 0
  if (!('ret' in result)) return false
  return operation.op === 'mmap' || (operation.op === 'mremap' && operation.offset === 0)
}

function nothing(result: OperationResult): Omit<OperationObservation, 'op'> {
  return { result, faults: [], events: [], files: [], ptes: [], vmas: [] }
}

function stamp({ inode }: DaxFile): FileStamp {
  return { mtime: inode.mtime, ctime: inode.ctime, blocks: inode.sectors }
}

function stampFiles(process: Process): Map<string, FileStamp> {
  return new Map([...process.files].map(([name, file]) => [name, stamp(file)]))
}

/** Files of the process whose times or blocks differ from before the operation. */
function changedFiles(process: Process, before: ReadonlyMap<string, FileStamp>): FileObservation[] {
  const changed: FileObservation[] = []
  for (const [name, file] of process.files) {
    const was = before.get(name) ?? NEW_FILE
    const now = stamp(file)
    const mtime = now.mtime !== was.mtime
    const ctime = now.ctime !== was.ctime
    if (!mtime && !ctime && now.blocks === was.blocks) continue
    changed.push({ name, mtime, ctime, blocks: now.blocks, size: file.inode.size })
  }
  return changed
}
