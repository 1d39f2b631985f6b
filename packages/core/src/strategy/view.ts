/**
 * The views of a fault that strategies get.
 * @module
 */

import { FAULT_FLAG_MKWRITE } from '../fault-flags.ts'
import type { VmFault } from '../vm-operations.ts'
import type { FaultContext } from './contract.ts'

/** Getters over the fault in progress; frozen, and so is what it inherits from. */
export class FaultView implements FaultContext {
  readonly #vmf: VmFault
  readonly #lo: Uint32Array = new Uint32Array(1)
  readonly #hi: Uint32Array = new Uint32Array(1)

  constructor(vmf: VmFault) {
    this.#vmf = vmf
    Object.freeze(this)
  }

  get vmFlags(): number {
    return this.#vmf.vma.vmFlags
  }

  get faultFlags(): number {
    return this.#vmf.flags
  }

  get pgoff(): number {
    return this.#vmf.pgoff
  }

  get mkwrite(): boolean {
    return (this.#vmf.flags & FAULT_FLAG_MKWRITE) !== 0
  }

  get protWritable(): boolean {
    const { vma } = this.#vmf
    this.#lo[0] = vma.vmPageProtLo
    this.#hi[0] = vma.vmPageProtHi
    return vma.vmMm.machine.arch.pgprotWritable(this.#lo, this.#hi, 0)
  }

  get zeroPage(): boolean {
    return this.#vmf.zeroPage
  }

  static {
    Object.freeze(FaultView.prototype)
  }
}

/** What a plugin was caught doing to its context, if anything. */
export type Misuse = 'changed' | 'kept' | null

/**
 * A view for one call that notices when it is changed, or looked at after the call. For checked runs: a plain run hands
 * out the frozen view itself, which cannot be changed either, but notices nothing.
 */
export class GuardedView {
  readonly view: FaultContext
  /** What the plugin did that it must not. */
  misuse: Misuse = null
  #over = false

  constructor(target: FaultView) {
    const changed = (): boolean => {
      this.misuse = 'changed'
      return false
    }
    this.view = new Proxy<FaultContext>(target, {
      get: (_, key) => {
        if (this.#over) {
          this.misuse = 'kept'
          throw new TypeError('the context of a hook is valid only during the call')
        }
        return Reflect.get(target, key, target)
      },
      set: changed,
      defineProperty: changed,
      deleteProperty: changed,
      setPrototypeOf: changed,
    })
  }

  /** The call is over: who looks at the view from now on has kept it. */
  close(): void {
    this.#over = true
  }
}
