/**
 * A scenario up to its parallel line, with the branches ready to be stepped by whoever decides on the order: for checkers.
 * @module
 */

import {
  type DefectName,
  type KernelProfile,
  kernelByName,
  Machine,
  MachineError,
  STEP_BLOCKED,
  type Steps,
  type StrategyDefinition,
  type Task,
} from '@mm-model/core'
import type { DaxFile, SuperBlock } from '@mm-model/dax'
import { executionOrder } from './execution-order.ts'
import type { OperationResult } from './observation.ts'
import { architecture, DEFAULT_ARCH } from './runner/architectures.ts'
import { PLAIN, PLAIN_AT_ONCE, STEPPED, type SteppedCalls } from './runner/calls.ts'
import { atLine } from './runner/endless.ts'
import { type FileSystem, fileSystem } from './runner/file-systems.ts'
import { Places } from './runner/names.ts'
import { Process } from './runner/process.ts'
import { cpusOf, Session } from './runner/session.ts'
import { ScenarioError } from './scenario-error.ts'
import type { Assertion, Operation, OperationOf, Scenario, SingleOperation } from './syntax.ts'

/** What to stage a scenario on. */
export interface StageOptions {
  /** One of `kernelNames` of `@mm-model/core`, or a profile of one's own. */
  readonly kernel: string | KernelProfile
  /** One of {@link fileSystemNames}. */
  readonly fs: string
  /** As `RunOptions.arch`. */
  readonly arch?: string | undefined
  readonly strategy: StrategyDefinition
  /** Bugs to build the machine with (`defects` of `@mm-model/core`); left out, none. */
  readonly defects?: readonly DefectName[] | undefined
}

/** A branch of the parallel line. */
export interface StagedBranch {
  /** As the scenario writes it: `@t1`; `first` for the first process. */
  readonly name: string
  /** On a CPU of its own. */
  readonly task: Task
  readonly operations: readonly StagedOperation[]
}

export interface StagedOperation {
  readonly operation: SingleOperation
  /** What it answered, once it has ended. */
  result: OperationResult | null
  /** Begins it, in the stepped form. */
  run(): Steps<OperationResult>
}

/** A machine as it is when the parallel line begins. */
export interface StagedScenario {
  readonly machine: Machine
  readonly sb: SuperBlock
  readonly branches: readonly StagedBranch[]
  /**
   * Runs the lines after the parallel one, in the stepped form without stopping; every branch must have ended. `told` hears of each.
   * @throws MachineError as `runScenario`
   */
  after(told?: (operation: SingleOperation, result: OperationResult) => void): readonly OperationResult[]
  /** `m+0x1000` for an address of a mapping. */
  placeOf(address: number): string
  /** Files that were created so far; branches may add to it. */
  readonly files: readonly DaxFile[]
  /** What each assertion of the scenario is about, in their order. */
  readonly assertions: readonly StagedAssertion[]
}

/** What an assertion names, as it was when the parallel line began; null where there was no such thing. */
export interface StagedAssertion {
  readonly assertion: Assertion
  readonly file: DaxFile | null
  /** Of the byte that a mapping has at the offset. */
  readonly address: number | null
  /** The process, or thread of it, that the assertion is about. */
  readonly task: Task | null
  readonly operation: StagedOperation | null
}

/**
 * Answers a function that builds a machine, runs the lines above the parallel one straight through, and hands over the branches.
 * It does the same each time. The machine has not the recorder's own memory, and is mostly smaller than the recorded one, so frames
 * and blocks are others.
 * @throws ScenarioError SCENARIO_NOT_PARALLEL for a scenario without a parallel line
 * @throws MachineError BAD_CONFIGURATION for a kernel, file system or architecture that is not built
 */
export function stageScenario(scenario: Scenario, options: StageOptions): () => StagedScenario {
  const { ops } = scenario
  const at = ops.findIndex(({ op }) => op === 'parallel')
  const line = ops[at]
  if (line?.op !== 'parallel')
    throw new ScenarioError(`scenario '${scenario.name}'`, {
      code: 'SCENARIO_NOT_PARALLEL',
      found: 'no parallel line',
      expected: 'a line whose branches run at the same time',
      remedy: 'write one, as `store m 0 1 || @t1 fsync a`',
    })
  const kernel = typeof options.kernel === 'string' ? kernelByName(options.kernel) : options.kernel
  const plan: Plan = {
    kernel,
    arch: architecture(kernel, options.arch ?? DEFAULT_ARCH),
    fs: fileSystem(options.fs, kernel),
    strategy: options.strategy,
    defects: options.defects,
    cpus: cpusOf(scenario),
    ...sizesFor(scenario, fileSystem(options.fs, kernel)),
    before: ops.slice(0, at).filter(isSingle),
    line,
    after: ops.slice(at + 1).filter(isSingle),
    assertions: scenario.assertions,
  }
  return () => build(plan)
}

/** What is the same for every machine that is built. */
interface Plan {
  readonly kernel: KernelProfile
  readonly arch: Machine['arch']
  readonly fs: FileSystem
  readonly strategy: StrategyDefinition
  readonly defects: StageOptions['defects']
  readonly cpus: ReadonlyMap<string, number>
  readonly pmemPages: number
  readonly ramPages: number
  /** Whether the file system is as recordings found it, so that blocks lie where theirs do. */
  readonly asRecorded: boolean
  readonly before: readonly SingleOperation[]
  readonly line: OperationOf<'parallel'>
  readonly after: readonly SingleOperation[]
  readonly assertions: readonly Assertion[]
}

function build(plan: Plan): StagedScenario {
  const { kernel, arch, fs, strategy, defects, cpus, pmemPages, ramPages, before, line, after } = plan
  const machine = new Machine({ strategy, defects, kernel, arch, cpus: cpus.size + 1, pmemPages, ramPages })
  const sb = fs.mount(machine)
  const places = new Places()
  const task = machine.createTask()
  if (plan.asRecorded) fs.use(task, PLAIN, sb)
  const session = new Session(Process.first(task, null), sb, cpus, places)
  const straight = (operation: SingleOperation, calls: SteppedCalls): OperationResult => {
    machine.tick()
    try {
      const process = session.processOf(operation.who)
      const result = runAlone(process.task, session.execute(operation, process, calls))
      process.task.signal = null
      return result
    } catch (error) {
      throw error instanceof MachineError ? atLine(operation, error) : error
    }
  }
  for (const operation of before) straight(operation, PLAIN_AT_ONCE)
  const staged = session.begin(line)
  const branches = line.branches.map(({ who, ops }, i): StagedBranch => {
    const { process } = staged[i]!
    return {
      name: nameOf(who),
      task: process.task,
      operations: ops.map((operation) => new Staged(operation, session, process)),
    }
  })
  // What the branches change shows in times.
  machine.tick()
  return {
    machine,
    sb,
    branches,
    placeOf: (address) => places.name(address),
    files: session.files,
    assertions: plan.assertions.map((assertion) => {
      const process = session.has(assertion.who) ? session.processOf(assertion.who) : null
      const branch = branches.find(({ name }) => name === nameOf(assertion.who))
      return {
        assertion,
        file: 'file' in assertion ? (process?.files.get(assertion.file) ?? null) : null,
        address:
          assertion.what === 'leaf' ? (process?.addressOf(assertion.map, assertion.offset) ?? null) : null,
        task: process?.task ?? null,
        operation: assertion.what === 'result' ? (branch?.operations[assertion.operation - 1] ?? null) : null,
      }
    }),
    after(told) {
      session.join(line, staged)
      // Nobody runs on the other CPUs any more: they answer at once.
      machine.shootdowns = null
      return after.map((operation) => {
        const result = straight(operation, STEPPED)
        told?.(operation, result)
        return result
      })
    },
  }
}

/** @throws MachineError DEADLOCK where the task would have to wait */
function runAlone<T>(task: Task, steps: Steps<T>): T {
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
    if (next.value !== STEP_BLOCKED) continue
    throw new MachineError('DEADLOCK', {
      found: `a task that waits for ${task.waitsFor?.name ?? 'nothing'}, which nobody will release`,
      expected: 'an operation that returns',
      remedy: 'release it first',
    })
  }
}

class Staged implements StagedOperation {
  readonly operation: SingleOperation
  result: OperationResult | null = null
  readonly #session: Session
  readonly #process: Process

  constructor(operation: SingleOperation, session: Session, process: Process) {
    this.operation = operation
    this.#session = session
    this.#process = process
  }

  *run(): Steps<OperationResult> {
    this.result = yield* this.#session.execute(this.operation, this.#process, STEPPED)
    return this.result
  }
}

function nameOf(who: string | null): string {
  return who === null ? 'first' : `@${who}`
}

function isSingle(operation: Operation): operation is SingleOperation {
  return operation.op !== 'parallel'
}

const PAGE = 4096
const PMD = 2 * 1024 * 1024
/** The recorded machine's memories, in pages; nothing larger is made. */
const MOST_PMEM = 131_072
const MOST_RAM = 262_144

/**
 * Memories that the scenario fits in with room to spare, since every execution makes them anew: of persistent memory the small
 * file system's, of RAM a few times what private mappings may take. Where 2 MiB of a file may be mapped at once, all is as in
 * recordings, because it takes aligned blocks, and where those are is the file system's decision.
 */
function sizesFor(
  scenario: Scenario,
  { smallPages }: FileSystem,
): Pick<Plan, 'pmemPages' | 'ramPages' | 'asRecorded'> {
  const ends = new Map<string, number>()
  let ram = 0
  let processes = 1
  let huge = false
  const grow = (file: string, end: number): void => {
    ends.set(file, Math.max(end, ends.get(file) ?? 0))
  }
  for (const operation of executionOrder(scenario)) {
    if (operation.op === 'fork') processes++
    if (operation.op === 'create' || operation.op === 'truncate') grow(operation.file, operation.size)
    if (operation.op === 'fill' || operation.op === 'falloc')
      grow(operation.file, operation.offset + operation.length)
    if (operation.op === 'mmap' && operation.kind === 'private') ram += operation.length
    if (operation.op === 'mmap' && operation.file !== null && operation.length >= PMD) huge = true
    if (operation.op === 'mremap') ram += operation.newLength
  }
  const data = [...ends.values()].reduce((sum, end) => sum + end, 0) / PAGE
  const rounded = 2 ** Math.ceil(Math.log2(Math.max(1024, (ram / PAGE) * 2 * processes)))
  return {
    pmemPages: data * 2 <= smallPages && !huge ? smallPages : MOST_PMEM,
    asRecorded: huge,
    ramPages: Math.min(rounded, MOST_RAM),
  }
}
