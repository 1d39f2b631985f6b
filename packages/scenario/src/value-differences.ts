/** One member that differs between two JSON values, with both values as text. */
export interface ValueDifference {
  /** Where, as `faults[0].ret` or `ptes[m0+0x1000].flags`. */
  readonly field: string
  readonly left: string
  readonly right: string
}

/** The member that names an item of a list; items of other lists go by their place. */
const KEYS: Readonly<Record<string, string>> = {
  blocks: 'name',
  files: 'name',
  processes: 'name',
  ptes: 'at',
  vmas: 'at',
}

/** Lists in which one item too many moves all that follow: only their first difference is told. */
const SEQUENCES: RegExp = /^(events|faultEvents\[\d+\])$/

/**
 * The differences between two objects, member by member, down to single values. Empty exactly where the two are the
 * same JSON.
 */
export function valueDifferences(left: object, right: object): readonly ValueDifference[] {
  const found: ValueDifference[] = []
  diffRecord('', left, right, (field, l, r) => {
    // Events of faults are listed apart from them for comparing only.
    const told = field.replace(/^faultEvents(\[\d+\])/, 'faults$1.events')
    found.push({ field: told, left: printedValue(l), right: printedValue(r) })
  })
  return found
}

type Report = (field: string, left: unknown, right: unknown) => void

function diffValue(field: string, left: unknown, right: unknown, report: Report): void {
  if (sameJson(left, right)) return
  if (isItems(left) && isItems(right)) diffList(field, left, right, report)
  else if (isRecord(left) && isRecord(right) && field !== 'result') diffRecord(field, left, right, report)
  else report(field, left, right)
}

function diffRecord(field: string, left: object, right: object, report: Report): void {
  for (const name of membersOf(left, right))
    diffValue(field === '' ? name : `${field}.${name}`, member(left, name), member(right, name), report)
}

function diffList(field: string, left: readonly unknown[], right: readonly unknown[], report: Report): void {
  const key = KEYS[/\w+$/.exec(field)?.[0] ?? '']
  if (key !== undefined && isKeyed(left, key) && isKeyed(right, key)) {
    diffKeyed(field, key, left as readonly object[], right as readonly object[], report)
    return
  }
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (sameJson(left[i], right[i])) continue
    // Two events of one name differ in a member; of two names, the paths part here.
    const parted = SEQUENCES.test(field) && member(left[i], 'name') !== member(right[i], 'name')
    if (parted) report(`${field}[${i}]`, left[i], right[i])
    else diffValue(`${field}[${i}]`, left[i], right[i], report)
    if (SEQUENCES.test(field)) return
  }
}

function diffKeyed(
  field: string,
  key: string,
  left: readonly object[],
  right: readonly object[],
  report: Report,
): void {
  const names = (items: readonly object[]): readonly unknown[] => items.map((item) => member(item, key))
  let same = true
  for (const name of new Set([...names(left), ...names(right)])) {
    const [l, r] = [left, right].map((items) => items.find((item) => member(item, key) === name))
    if (sameJson(l, r)) continue
    same = false
    diffValue(`${field}[${String(name)}]`, l, r, report)
  }
  if (same) report(`order of ${field}`, names(left), names(right))
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
export function printedValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'none'
  if (typeof value === 'string') return value === '' ? "''" : value
  if (Array.isArray(value)) {
    const names = value.every((item) => typeof item === 'string')
    return value.length === 0
      ? '(empty)'
      : names
        ? value.join('|')
        : `[${value.map(printedValue).join(', ')}]`
  }
  if (!isRecord(value)) return String(value)
  if ('notModelled' in value) return `not modelled: ${String(value.notModelled)}`
  const parts = Object.entries(value).map(([name, v]) =>
    name === 'name' ? printedValue(v) : `${name}=${printedValue(v)}`,
  )
  return parts.join(' ')
}
