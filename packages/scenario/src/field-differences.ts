import type { Tier } from './tier.ts'

/** One member that differs, with both values as text. */
export interface FieldDifference {
  /** Where, as `faults[0].ret` or `ptes[m0+0x1000].flags`. */
  readonly field: string
  /** The first tier that sees it. */
  readonly tier: Tier
  readonly kernel: string
  readonly model: string
}

/** The member that names an item of a list; items of other lists go by their place. */
const KEYS: Readonly<Record<string, string>> = { ptes: 'at', vmas: 'at', files: 'name', blocks: 'name' }

/** Lists in which one item too many moves all that follow: only their first difference is told. */
const SEQUENCES: RegExp = /^(events|faultEvents\[\d+\])$/

/**
 * The differences between two objects of the same shape, member by member, down to single values. Not empty exactly
 * where the two are not the same JSON, or where `always` asks for one.
 */
export function fieldDifferences(
  tier: Tier,
  kernel: object,
  model: object,
  always: boolean = false,
): readonly FieldDifference[] {
  const found: FieldDifference[] = []
  const report = (field: string, k: unknown, m: unknown): void => {
    // Events of faults are listed apart from them for comparing only.
    const told = field.replace(/^faultEvents(\[\d+\])/, 'faults$1.events')
    found.push({ field: told, tier, kernel: printed(k), model: printed(m) })
  }
  for (const field of membersOf(kernel, model)) {
    const [k, m] = [member(kernel, field), member(model, field)]
    const before = found.length
    diffValue(field, k, m, report)
    if (always && found.length === before) report(field, k, m)
  }
  return found
}

type Report = (field: string, kernel: unknown, model: unknown) => void

function diffValue(field: string, kernel: unknown, model: unknown, report: Report): void {
  if (sameJson(kernel, model)) return
  if (isItems(kernel) && isItems(model)) diffList(field, kernel, model, report)
  else if (isRecord(kernel) && isRecord(model) && field !== 'result') diffRecord(field, kernel, model, report)
  else report(field, kernel, model)
}

function diffRecord(field: string, kernel: object, model: object, report: Report): void {
  for (const name of membersOf(kernel, model))
    diffValue(`${field}.${name}`, member(kernel, name), member(model, name), report)
}

function diffList(
  field: string,
  kernel: readonly unknown[],
  model: readonly unknown[],
  report: Report,
): void {
  const key = KEYS[field]
  if (key !== undefined && isKeyed(kernel, key) && isKeyed(model, key)) {
    diffKeyed(field, key, kernel as readonly object[], model as readonly object[], report)
    return
  }
  for (let i = 0; i < Math.max(kernel.length, model.length); i++) {
    if (sameJson(kernel[i], model[i])) continue
    // Two events of one name differ in a member; of two names, the paths part here.
    const parted = SEQUENCES.test(field) && member(kernel[i], 'name') !== member(model[i], 'name')
    if (parted) report(`${field}[${i}]`, kernel[i], model[i])
    else diffValue(`${field}[${i}]`, kernel[i], model[i], report)
    if (SEQUENCES.test(field)) return
  }
}

function diffKeyed(
  field: string,
  key: string,
  kernel: readonly object[],
  model: readonly object[],
  report: Report,
): void {
  const names = (items: readonly object[]): readonly unknown[] => items.map((item) => member(item, key))
  let same = true
  for (const name of new Set([...names(kernel), ...names(model)])) {
    const [k, m] = [kernel, model].map((items) => items.find((item) => member(item, key) === name))
    if (sameJson(k, m)) continue
    same = false
    diffValue(`${field}[${String(name)}]`, k, m, report)
  }
  if (same) report(`order of ${field}`, names(kernel), names(model))
}

/** Whether two values are the same JSON; the order of members says nothing, the order of items does. */
function sameJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  if (isRecord(a) && isRecord(b))
    return membersOf(a, b).every((name) => sameJson(member(a, name), member(b, name)))
  return a === b
}

function membersOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list of objects or lists; a list of names is one value. */
function isItems(value: unknown): value is readonly object[] {
  return Array.isArray(value) && !value.some((item) => typeof item === 'string')
}

function isKeyed(items: readonly unknown[], key: string): boolean {
  return new Set(items.map((item) => member(item, key))).size === items.length
}

/** A value in a few words, for a reader. */
function printed(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'none'
  if (typeof value === 'string') return value === '' ? "''" : value
  if (Array.isArray(value)) {
    const names = value.every((item) => typeof item === 'string')
    return value.length === 0 ? '(empty)' : names ? value.join('|') : `[${value.map(printed).join(', ')}]`
  }
  if (!isRecord(value)) return String(value)
  if ('notModelled' in value) return `not modelled: ${String(value.notModelled)}`
  const parts = Object.entries(value).map(([name, v]) =>
    name === 'name' ? printed(v) : `${name}=${printed(v)}`,
  )
  return parts.join(' ')
}
