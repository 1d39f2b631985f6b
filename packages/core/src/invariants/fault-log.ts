/**
 * The faults taken during one call, read off the events that a run emits.
 * @module
 */

import type { RwSem } from '../locks.ts'
import type { Mm } from '../mm.ts'
import type { Task } from '../task.ts'
import type { TraceSink } from '../trace.ts'

/** One pass through `handle_mm_fault`. */
export interface LoggedFault {
  readonly mm: Mm
  readonly address: number
  /** `FAULT_FLAG_*` on entry. */
  readonly flags: number
  /** `VM_*` of the area. */
  readonly vmFlags: number
  /** Number of the trap it belongs to, from 1; 0 for a fault that the kernel takes by itself. */
  readonly trap: number
  /** Whether an earlier pass of the same trap asked for another try. */
  readonly afterRetry: boolean
  /** The lock that it ran under: `mmap_lock`, or with `FAULT_FLAG_VMA_LOCK` that of the area. */
  readonly lock: string
  /** Who held it for writing on entry, and how many for reading. */
  readonly writer: Task | null
  readonly readers: number
  /** `FAULT_FLAG_*` on return; on entry and meanwhile the same as {@link flags}. */
  endFlags: number
  /** A `VM_FAULT_*` mask, or -1 while the fault is in progress. */
  ret: number
  /** The entry that `do_wp_page` met, in halves; null if the fault did not get there. */
  writeProtected: readonly [lo: number, hi: number] | null
}

/** `VM_FAULT_RETRY`. */
const RETRY = 0x400
/** `FAULT_FLAG_VMA_LOCK`. */
const VMA_LOCK = 0x1000

function lockOf(t: Task, address: number, flags: number): RwSem {
  const { areas, mmapLock } = t.mm
  return ((flags & VMA_LOCK) !== 0 && areas.findVma(address)?.vmLock) || mmapLock
}

export class FaultLog {
  readonly faults: LoggedFault[] = []
  /** Traps of user-mode accesses. */
  traps = 0
  /** The fault in progress of each task. */
  readonly #current: Map<Task, LoggedFault> = new Map()
  readonly #trapOf: Map<Task, number> = new Map()

  /** Takes every event; must see the machine as it is when the event happens. */
  readonly sink: TraceSink = (name, t, a, b, c) => this.#take(name, t, a, b, c)

  /** Whether a fault was taken for the page of `address`. */
  touched(mm: Mm, address: number, size: number): boolean {
    return this.faults.some((f) => f.mm === mm && f.address >= address && f.address < address + size)
  }

  #take(name: string, t: Task, a: number, b: number, c: number): void {
    if (name === 'page_fault_user') this.#trapOf.set(t, ++this.traps)
    else if (name === 'handle_mm_fault') this.#begin(t, a, b, c)
    else if (name === 'handle_mm_fault_ret') this.#end(t, a)
    else if (name === 'do_wp_page') {
      const fault = this.#current.get(t)
      if (fault !== undefined) fault.writeProtected = [a, b]
    }
  }

  #begin(t: Task, address: number, flags: number, vmFlags: number): void {
    const trap = this.#trapOf.get(t) ?? 0
    const { name, writer, readers } = lockOf(t, address, flags)
    const fault: LoggedFault = {
      mm: t.mm,
      address,
      flags,
      vmFlags,
      trap,
      afterRetry: trap !== 0 && this.faults.some((f) => f.trap === trap && (f.ret & RETRY) !== 0),
      lock: name,
      writer,
      readers,
      endFlags: flags,
      ret: -1,
      writeProtected: null,
    }
    this.faults.push(fault)
    this.#current.set(t, fault)
  }

  #end(t: Task, ret: number): void {
    const fault = this.#current.get(t)
    if (fault === undefined) return
    fault.ret = ret
    fault.endFlags = t.vmf.flags
    this.#current.delete(t)
  }
}
