/** One line of the kernel's trace: `agent-140 [000] ..... 24.785861: name: (where+0x0/0x10) key=value …`. */

export interface TraceLine {
  readonly pid: string
  readonly event: string
  /** What the event says, without the place of a probe. */
  readonly rest: string
}

const LINE: RegExp = /^\s*\S+-(\d+)\s+\[\d+\]\s+\S+\s+[\d.]+: (\w+): ?(.*)$/
const PROBE_PLACE: RegExp = /^\(.*?\) ?/
const FIELD: RegExp = /(\w+)=(\S+)/g

/** `null` for what is not an event, as the kernel's note that it lost some. */
export function readTraceLine(text: string): TraceLine | null {
  const match = LINE.exec(text)
  if (match === null) return null
  const [, pid, event, rest] = match as unknown as [string, string, string, string]
  return { pid, event, rest: rest.replace(PROBE_PLACE, '') }
}

/** The `key=value` pairs. */
export function fieldsOf({ rest }: TraceLine): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from(rest.matchAll(FIELD), ([, key, value]) => [key!, value!]))
}
