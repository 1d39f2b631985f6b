/**
 * One simulated machine: all state is here or hangs off it, and everything that could make two runs differ (time,
 * scheduling, strategy, sizes) is passed in.
 * @module
 */

import type { PageTableArch } from '@mm-model/pgprot'
import { machineArchOf } from './arch/catalog.ts'
import type { MachineArch } from './arch/machine-arch.ts'
import { type DefectSet, defectSet } from './defect-set.ts'
import type { DefectName } from './defects.ts'
import { MachineError } from './errors.ts'
import { kernel61 } from './kernels/linux-6.1.ts'
import { Mm } from './mm.ts'
import { PageTables } from './page-tables.ts'
import { PAGE_SHIFT, PhysicalMemory } from './physical-memory.ts'
import type { KernelProfile } from './profile.ts'
import type { Shootdowns } from './shootdowns.ts'
import type { StrategyDefinition, WriteFaultStrategy } from './strategy/contract.ts'
import { defineStrategy } from './strategy/define.ts'
import { StrategyHost } from './strategy/host.ts'
import { Task } from './task.ts'
import { Tlb } from './tlb.ts'
import type { TouchSink } from './touch.ts'
import type { TraceSink } from './trace.ts'

/** How to build a machine. Everything but the strategy has a default: the machine of the recordings. */
export interface MachineOptions {
  /** The write-fault policy: a strategy, or the definition of one. */
  readonly strategy: StrategyDefinition
  /**
   * Checks what a strategy does with its context, and that it answers a question twice alike; slower, for tests of plugins.
   * What it answers is checked always.
   */
  readonly checkStrategy?: boolean | undefined
  readonly kernel?: KernelProfile | undefined
  /** Left out, x86-64 as the kernel has it. */
  readonly arch?: PageTableArch | undefined
  /** Bugs to build it with, by name (`defects`); left out, none. */
  readonly defects?: readonly DefectName[] | undefined
  /** 1 … 64. */
  readonly cpus?: number | undefined
  /** Persistent memory in 4 KiB pages; the recorded machine has 131,072 (512 MiB). */
  readonly pmemPages?: number | undefined
  /** RAM for data in 4 KiB pages. */
  readonly ramPages?: number | undefined
  /** Where events go; leave out to run silently. */
  readonly trace?: TraceSink | null | undefined
}

export class Machine {
  readonly arch: PageTableArch
  /** What goes with {@link arch}: the processor and `arch/` of the kernel. */
  readonly machineArch: MachineArch
  readonly kernel: KernelProfile
  readonly strategy: WriteFaultStrategy
  /** Which of the bugs of old kernels it has. */
  readonly defects: DefectSet
  /** Who asks the strategy. */
  readonly strategyHost: StrategyHost
  readonly memory: PhysicalMemory
  readonly pageTables: PageTables
  readonly tlbs: readonly Tlb[]
  readonly tasks: Task[] = []
  /** Where events go, or null. */
  trace: TraceSink | null
  /** Who hears what each step of a stepped run touches, or null. */
  touched: TouchSink | null = null
  /**
   * Flushes that other CPUs have yet to answer, or null: then all of them answer in the step that asks. For stepped runs
   * with `shootdownHandlers`; runs in the plain form, which nobody can interrupt, have every CPU answer at once in any case.
   */
  shootdowns: Shootdowns | null = null
  /**
   * A task that has taken so many page faults for one access, 1 … 63, is killed (`SIGKILL`), as it can be between any two of them
   * (arch/x86/mm/fault.c: fault_signal_pending, 6.1): whatever else the machine does comes to an end, though two tasks go on taking
   * a page from each other. By default nobody kills it, and 64 in a row are an error.
   */
  killAfterFaults: number = Infinity
  /** Clock ticks since the machine was built; file times are ticks. The driver advances it. */
  now = 1
  #tlbContexts = 0
  #mms = 0

  /** @throws MachineError BAD_CONFIGURATION for what is out of range or not built; StrategyError STRATEGY_DEFINITION */
  constructor(options: MachineOptions) {
    const cpus = options.cpus ?? 1
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > 64) {
      throw new MachineError('BAD_CONFIGURATION', {
        found: `${cpus} CPUs`,
        expected: 'an integer from 1 to 64',
        remedy: 'choose a number of CPUs in that range',
      })
    }
    const kernel = options.kernel ?? kernel61
    const arch = options.arch ?? kernel.x86Arch
    if (arch.pageShift !== PAGE_SHIFT || arch.levels > 4) {
      throw new MachineError('BAD_CONFIGURATION', {
        found: `${arch.name}, with pages of ${2 ** (arch.pageShift - 10)} KiB and ${arch.levels} levels of tables`,
        expected: 'pages of 4 KiB and three or four levels',
        remedy: 'choose another configuration of the architecture',
      })
    }
    this.kernel = kernel
    this.arch = arch
    this.machineArch = machineArchOf(arch)
    this.strategy = defineStrategy(options.strategy)
    this.strategyHost = new StrategyHost(this.strategy, options.checkStrategy ?? false)
    this.defects = defectSet(options.defects ?? [])
    this.memory = new PhysicalMemory({
      pmemPages: options.pmemPages ?? 131072,
      ramPages: options.ramPages ?? 262144,
    })
    this.pageTables = new PageTables(this.arch, this.arch.levels)
    this.tlbs = Array.from({ length: cpus }, () => new Tlb())
    this.trace = options.trace ?? null
  }

  /** A new task with an empty address space of its own. */
  createTask(cpu = 0): Task {
    return this.addTask(this.createMm(), cpu)
  }

  /** A task in an address space that exists: a thread. */
  addTask(mm: Mm, cpu: number): Task {
    const task = new Task(this, this.tasks.length + 1, mm, cpu)
    this.tasks.push(task)
    return task
  }

  createMm(): Mm {
    return new Mm(this, ++this.#mms)
  }

  /** Lets one clock tick pass, so that a time update can be told from the one before. */
  tick(): void {
    this.now++
  }

  /** A context number no TLB entry carries. */
  newTlbContext(): number {
    return ++this.#tlbContexts
  }
}
