/**
 * What an invariant is: something that must hold of every state, or across every call, said once and checked from
 * outside. Checks look at snapshots; they never touch the machine, and a run that does not ask for them does not pay.
 * @module
 */

/** One broken rule at one place. */
export interface Violation {
  /** `I19`. */
  readonly invariant: string
  /** What it was found at, as a phrase: `0x600000001000 in mm1`. */
  readonly where: string
  /** The address in `where`, for those who know mappings by name; null where it is not an address. */
  readonly address: number | null
  /** What is there, as a phrase. */
  readonly found: string
  /** What the invariant demands, as a phrase. */
  readonly expected: string
}

/**
 * One rule. `kind` `S`: of every state in which no call is in progress; `T`: across one call.
 */
export interface Invariant<Subject> {
  /** Its number in the list of kernel facts: `I1` … `I52`. */
  readonly id: string
  /** The rule in one sentence. */
  readonly title: string
  readonly kind: 'S' | 'T'
  /** Where in the kernel the rule comes from. */
  readonly source: string
  /** Every place where the rule is broken; empty when it holds. */
  readonly check: (subject: Subject) => readonly Violation[]
}

/** A rule that these packages do not check, and why. */
export interface UncheckedInvariant {
  readonly id: string
  readonly title: string
  readonly reason: string
}

/** Every violation of every rule, in the order of the rules. */
export function violationsOf<Subject>(
  invariants: readonly Invariant<Subject>[],
  subject: Subject,
): Violation[] {
  const found: Violation[] = []
  for (const invariant of invariants) for (const violation of invariant.check(subject)) found.push(violation)
  return found
}

/** `0x` and lower-case digits. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
