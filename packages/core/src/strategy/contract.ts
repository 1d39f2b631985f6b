/**
 * The contract of write-fault strategies: the policy that the discussion of 2016 was about, as a value.
 *
 * A strategy decides how a fault on a file page whose frame is known installs its entry, what happens when that entry is
 * read-only after a write fault, and when the times of the file are updated. It sees a narrow, frozen view of the fault
 * and answers with a number; the core does the work, and checks every answer.
 * @module
 */

/** Version of this contract; a strategy states the one it was written for. */
export const STRATEGY_API_VERSION: 1 = 1

/** Install the entry as `vm_page_prot` says: read-only wherever the area wants to notice writes. */
export const INSTALL_READ_ONLY: number = 0
/** Make it writable, where the area's own flags allow it (`vm_get_page_prot(vm_flags)`, `maybe_mkwrite`). */
export const INSTALL_WRITABLE: number = 1
/** Mark it dirty by software: with it soft-dirty, where entries have that bit (`pte_mkdirty`). */
export const INSTALL_DIRTY: number = 2
/** Mark it young by software (`pte_mkyoung`). */
export const INSTALL_YOUNG: number = 4
/** An entry that is there and maps the same frame gets these rights too; without it, it stays as it is. */
export const INSTALL_UPGRADE: number = 8
/**
 * With {@link INSTALL_WRITABLE}: without asking whether the area is `VM_WRITE` and `VM_SHARED`, as the patch of 2016
 * computed its protection. Something else has to guarantee both.
 */
export const INSTALL_UNCHECKED: number = 16
/** What Linux does since 4.14 (mm/memory.c: insert_pfn with `mkwrite`, 6.1). */
export const INSTALL_MKWRITE: number = INSTALL_WRITABLE | INSTALL_DIRTY | INSTALL_YOUNG | INSTALL_UPGRADE
/** All bits that an answer may have. */
export const INSTALL_MASK: number = INSTALL_MKWRITE | INSTALL_UNCHECKED

/** Return to user space, as every released kernel does; the store faults again. */
export const AFTER_RETURN: number = 0
/** `handle_pte_fault` looks at the entry again, and if it is read-only carries on into `do_wp_page`. */
export const AFTER_CARRY_ON: number = 1
/** The handler says so in its result (`VM_FAULT_READONLY`), and `do_shared_fault` carries on into `do_wp_page`. */
export const AFTER_HINT: number = 2

/** The handler updates the times before it installs, as every released kernel does. */
export const TIMES_AT_FAULT: number = 0
/**
 * The fault sets a flag of the mapping, and a dirty entry that is cleaned or taken away sets it again; writeback, msync
 * and munmap write the times.
 */
export const TIMES_DEFERRED: number = 1
/**
 * As the patches of 2012 and 2013 had it: only a dirty bit that moves to a `struct page` sets the flag. DAX entries
 * have none.
 */
export const TIMES_DEFERRED_BY_PAGE: number = 2

/** What a strategy may look at. Frozen; valid only during the call. */
export interface FaultContext {
  /** `VM_*` of the area. */
  readonly vmFlags: number
  /** `FAULT_FLAG_*`. */
  readonly faultFlags: number
  /** Page index in the file. */
  readonly pgoff: number
  /** True in a fault on an entry that is present and read-only (`FAULT_FLAG_MKWRITE`). */
  readonly mkwrite: boolean
  /** True when the starting protection, `vm_page_prot`, is writable (`pgprot_writable`). */
  readonly protWritable: boolean
  /** True when the frame to install is the zero page; only in `installForRead`. */
  readonly zeroPage: boolean
}

/** Something that a strategy takes for granted. It is looked at before each install for a write fault. */
export interface StrategyAssertion {
  /** A few words, as they stand in the warning: `the area is VM_WRITE and VM_SHARED`. */
  readonly name: string
  /** Must be a pure function of the context. False warns, as `WARN_ON_ONCE` does, and changes nothing. */
  holds(context: FaultContext): boolean
}

/**
 * The hooks. Each must be a pure function of its context, must not keep it, and must not change it.
 */
export interface StrategyHooks {
  /** How a write fault on a shared page installs: bits of `INSTALL_*`. */
  install(context: FaultContext): number
  /** How a read fault installs, the zero page over a hole included: bits of `INSTALL_*`. Default: read-only. */
  installForRead(context: FaultContext): number
  /**
   * What to do if the entry is read-only after a write fault on a shared area: one of `AFTER_*`. Default: return to
   * user space.
   */
  afterReadOnly(context: FaultContext): number
  /** When the times of the file are updated for a write fault on a shared area: one of `TIMES_*`. Default: at once. */
  updateTimes(context: FaultContext): number
}

export type HookName = keyof StrategyHooks

/**
 * What a hook's answer is: `install` bits of `INSTALL_*`, `after` one of `AFTER_*`, `times` one of `TIMES_*`.
 */
export type HookKind = 'install' | 'after' | 'times'

/** Every hook with its kind: one that is added to {@link StrategyHooks} and not classified here does not compile. */
export const HOOK_KINDS: Readonly<Record<HookName, HookKind>> = /*#__PURE__*/ Object.freeze({
  install: 'install',
  installForRead: 'install',
  afterReadOnly: 'after',
  updateTimes: 'times',
} as const)

/** What a strategy says of itself. The conformance kit holds it to each, and to the opposite where it says no. */
export interface StrategyCapabilities {
  /**
   * Traps that the first store to a written 4 KiB page takes where no entry is and the hardware sets A and D: 1, or 2 when
   * the store returns to user space in between.
   */
  readonly firstStoreTraps: 1 | 2
  /** Whether software marks the entry of a first store dirty, and with it soft-dirty. */
  readonly marksDirty: boolean
  /** Whether times are current when the fault returns (`fault`), or only after writeback, msync or munmap (`deferred`). */
  readonly times: 'fault' | 'deferred'
}

/** What the author of a strategy writes; `defineStrategy` checks it and fills in the defaults. */
export interface StrategyDefinition
  extends Pick<StrategyHooks, 'install'>,
    Partial<Omit<StrategyHooks, 'install'>> {
  /** Lower-case words with hyphens, and `+` between strategies that were combined: the name a command line uses. */
  readonly name: string
  readonly apiVersion: typeof STRATEGY_API_VERSION
  readonly capabilities: StrategyCapabilities
  readonly assertions?: readonly StrategyAssertion[] | undefined
}

/** A strategy as machines run it: checked, complete and frozen. */
export interface WriteFaultStrategy extends Readonly<StrategyHooks> {
  readonly name: string
  readonly apiVersion: typeof STRATEGY_API_VERSION
  readonly capabilities: StrategyCapabilities
  readonly assertions: readonly StrategyAssertion[]
}
