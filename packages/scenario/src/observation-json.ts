import type {
  EventObservation,
  EventValue,
  FaultObservation,
  FileObservation,
  Observation,
  OperationObservation,
  OperationResult,
  PteObservation,
  VmaObservation,
} from './observation.ts'
import { ObservationError, quoted } from './scenario-error.ts'

/**
 * Writes an observation as the recorder does, byte for byte: a line for the head, one for each operation, one for the
 * end; ASCII only.
 */
export function stringifyObservation({ scenario, kernel, fs, arch, ops }: Observation): string {
  const on = arch === undefined ? '' : `,"arch":${json(arch)}`
  const head = `{"scenario":${json(scenario)},"kernel":${json(kernel)},"fs":${json(fs)}${on},"normal":true,"ops":[\n`
  return `${head}${ops.map((o) => json(orderedOperation(o))).join(',\n')}\n]}\n`
}

/**
 * Reads an observation. Everything is checked, and a member that the format does not have is an error: an ignored one
 * would be a difference that nobody sees.
 *
 * @throws {ObservationError} with the path of the first member that is not as the format says.
 */
export function parseObservation(text: string): Observation {
  const document = object(parseJson(text), '', ['scenario', 'kernel', 'fs', 'ops'], ['normal', 'arch'])
  if (document.normal !== undefined && document.normal !== true)
    refuse(
      document.normal,
      'normal',
      'true',
      'record again: addresses are not yet named after their mappings',
    )
  return {
    scenario: string(document.scenario, 'scenario'),
    kernel: string(document.kernel, 'kernel'),
    fs: string(document.fs, 'fs'),
    ...(document.arch === undefined ? {} : { arch: string(document.arch, 'arch') }),
    ops: list(document.ops, 'ops', operation),
  }
}

/** Members in the recordings' order; an event's own after its name. */
const EVENT_MEMBERS: readonly string[] = [
  'name',
  'ret',
  'pgoff',
  'pglen',
  'flags',
  'write',
  'pos',
  'start',
  'len',
  'nr',
  'even_cows',
  'range',
  'at',
  'pte',
  'order',
  'orig',
  'frame',
]

function orderedOperation(o: OperationObservation): OperationObservation {
  return {
    op: o.op,
    result: o.result,
    faults: o.faults.map(orderedFault),
    events: o.events.map(orderedEvent),
    files: o.files.map(({ name, mtime, ctime, blocks, size }) => ({ name, mtime, ctime, blocks, size })),
    ptes: o.ptes.map(({ at, level, flags, frame }) => ({ at, level, flags, frame })),
    vmas: o.vmas.map(({ perms, offset, name, at, len }) => ({ perms, offset, name, at, len })),
  }
}

// Members that are undefined leave no trace in JSON.
function orderedFault({
  at,
  error,
  events,
  flags,
  vmFlags,
  pageProt,
  ret,
}: FaultObservation): FaultObservation {
  return { at, error, events: events.map(orderedEvent), flags, vmFlags, pageProt, ret }
}

function orderedEvent(event: EventObservation): EventObservation {
  const ordered: Record<string, EventValue> = {}
  for (const member of EVENT_MEMBERS) if (event[member] !== undefined) ordered[member] = event[member]
  return { ...ordered, ...event, name: event.name }
}

/** JSON without spaces, everything but printable ASCII escaped, as Python's `json` writes it. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Engines tell the place of some errors only, and only in words.
    const told = /position (\d+)/.exec(String(cause))?.[1]
    const cutOff = /end of JSON/.test(String(cause))
    const before = told !== undefined ? text.slice(0, Number(told)) : cutOff ? text : null
    const place =
      before === null
        ? ''
        : `line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`
    throw new ObservationError(
      place,
      {
        code: 'OBSERVATION_NOT_JSON',
        found: before?.length === text.length ? 'the end of the text' : 'other text',
        expected: 'JSON',
        remedy: 'the file is cut off or was edited; record it again',
      },
      { cause },
    )
  }
}

function operation(value: unknown, path: string): OperationObservation {
  const o = object(value, path, ['op', 'result', 'faults', 'events', 'files', 'ptes', 'vmas'])
  return {
    op: string(o.op, `${path}.op`),
    result: result(o.result, `${path}.result`),
    faults: list(o.faults, `${path}.faults`, fault),
    events: list(o.events, `${path}.events`, event),
    files: list(o.files, `${path}.files`, file),
    ptes: list(o.ptes, `${path}.ptes`, pte),
    vmas: list(o.vmas, `${path}.vmas`, vma),
  }
}

function result(value: unknown, path: string): OperationResult {
  const r = object(value, path, [], ['ret', 'errno', 'signal', 'code', 'skipped', 'notModelled'])
  switch (Object.keys(r).sort().join()) {
    case 'ret':
      return { ret: integer(r.ret, `${path}.ret`) }
    case 'errno':
      return { errno: string(r.errno, `${path}.errno`) }
    case 'code,signal':
      return { signal: string(r.signal, `${path}.signal`), code: string(r.code, `${path}.code`) }
    case 'skipped':
      return r.skipped === true ? { skipped: true } : refuse(r.skipped, `${path}.skipped`, 'true')
    case 'notModelled':
      return { notModelled: string(r.notModelled, `${path}.notModelled`) }
    default:
      return refuse(value, path, 'one of ret, errno, signal with code, skipped, notModelled')
  }
}

function fault(value: unknown, path: string): FaultObservation {
  const f = object(value, path, ['at', 'error', 'events'], ['flags', 'vmFlags', 'pageProt', 'ret'])
  return {
    at: string(f.at, `${path}.at`),
    error: f.error === null ? null : string(f.error, `${path}.error`),
    events: list(f.events, `${path}.events`, event),
    ...(f.flags === undefined ? {} : { flags: list(f.flags, `${path}.flags`, string) }),
    ...(f.vmFlags === undefined ? {} : { vmFlags: string(f.vmFlags, `${path}.vmFlags`) }),
    ...(f.pageProt === undefined ? {} : { pageProt: string(f.pageProt, `${path}.pageProt`) }),
    ...(f.ret === undefined ? {} : { ret: list(f.ret, `${path}.ret`, string) }),
  }
}

function event(value: unknown, path: string): EventObservation {
  const e = object(value, path, ['name'], null)
  for (const [member, v] of Object.entries(e)) {
    if (Array.isArray(v)) list(v, `${path}.${member}`, string)
    else if (typeof v !== 'string' && typeof v !== 'number' && typeof v !== 'boolean')
      refuse(v, `${path}.${member}`, 'a string, number, boolean or list of strings')
  }
  return { ...(e as Record<string, EventValue>), name: string(e.name, `${path}.name`) }
}

function file(value: unknown, path: string): FileObservation {
  const f = object(value, path, ['name', 'mtime', 'ctime', 'blocks', 'size'])
  return {
    name: string(f.name, `${path}.name`),
    mtime: boolean(f.mtime, `${path}.mtime`),
    ctime: boolean(f.ctime, `${path}.ctime`),
    blocks: integer(f.blocks, `${path}.blocks`),
    size: integer(f.size, `${path}.size`),
  }
}

function pte(value: unknown, path: string): PteObservation {
  const p = object(value, path, ['at', 'level', 'flags', 'frame'])
  return {
    at: string(p.at, `${path}.at`),
    level: integer(p.level, `${path}.level`),
    flags: string(p.flags, `${path}.flags`),
    frame: string(p.frame, `${path}.frame`),
  }
}

function vma(value: unknown, path: string): VmaObservation {
  const v = object(value, path, ['perms', 'offset', 'name', 'at', 'len'])
  return {
    perms: string(v.perms, `${path}.perms`),
    offset: string(v.offset, `${path}.offset`),
    name: string(v.name, `${path}.name`),
    at: string(v.at, `${path}.at`),
    len: string(v.len, `${path}.len`),
  }
}

/** An object with all of `members`, and besides them only `optional` ones; `null` allows any. */
function object(
  value: unknown,
  path: string,
  members: readonly string[],
  optional: readonly string[] | null = [],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(value, path, 'an object')
  const o = value as Readonly<Record<string, unknown>>
  const dot = path === '' ? '' : '.'
  for (const member of members)
    if (!Object.hasOwn(o, member)) refuse(undefined, `${path}${dot}${member}`, `the member ${member}`)
  for (const member of optional === null ? [] : Object.keys(o))
    if (!members.includes(member) && !optional!.includes(member))
      refuse(
        o[member],
        `${path}${dot}${member}`,
        'no such member',
        'this version of the format does not have it',
      )
  return o
}

function list<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): readonly T[] {
  return Array.isArray(value) ? value.map((v, i) => item(v, `${path}[${i}]`)) : refuse(value, path, 'a list')
}

function string(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(value, path, 'a string')
}

function integer(value: unknown, path: string): number {
  return Number.isSafeInteger(value) ? (value as number) : refuse(value, path, 'a whole number')
}

function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : refuse(value, path, 'true or false')
}

function refuse(
  value: unknown,
  path: string,
  expected: string,
  remedy: string = 'see the format of observations, version 1',
): never {
  const found = value === undefined ? 'nothing' : quoted(JSON.stringify(value))
  throw new ObservationError(path, { code: 'OBSERVATION_SHAPE', found, expected, remedy })
}
