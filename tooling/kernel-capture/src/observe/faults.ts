/** Sorts the trace of one operation into faults, what happened in each, and what happened outside any. */
import type { EventObservation, FaultObservation } from '@mm-model/scenario'
import { CaptureError, quoted } from '../capture-error.ts'
import { eventOf, type Naming } from './events.ts'
import { faultFlagNames, vmFaultNames } from './kernel-names.ts'
import { fieldsOf, readTraceLine, type TraceLine } from './trace-line.ts'

interface OpenFault {
  readonly at: bigint
  readonly error: string | null
  readonly events: EventObservation[]
  /** Known from `handle_mm_fault` on: what it was called with. */
  arguments: { readonly flags: readonly string[]; readonly vmFlags: string; readonly pageProt: string } | null
  ret: readonly string[] | null
}

/** What a process is doing: handling a fault of the scenario, handling one of the agent's own memory, or neither. */
type Activity = OpenFault | 'own fault' | null

export interface TraceObservation {
  readonly faults: readonly FaultObservation[]
  readonly events: readonly EventObservation[]
}

/**
 * @param naming For the process that executes; a fork's trace has lines of the child, which has the same mappings.
 * @throws {CaptureError} CAPTURE_BAD_LOG for a line that is no event of the trace.
 */
export function observeTrace(
  lines: readonly { readonly line: number; readonly text: string }[],
  naming: Naming,
  place: string,
): TraceObservation {
  const faults: OpenFault[] = []
  const events: EventObservation[] = []
  const activities = new Map<string, Activity>()
  const begin = (at: bigint, error: string | null): OpenFault => {
    const fault: OpenFault = { at, error, events: [], arguments: null, ret: null }
    faults.push(fault)
    return fault
  }
  for (const { line, text } of lines) {
    const traced = readTraceLine(text)
    if (traced === null) throw notAnEvent(`${place}:${line}`, text)
    const activity = activities.get(traced.pid) ?? null
    switch (traced.event) {
      case 'page_fault_user': {
        const { address = '0', error_code: error = null } = fieldsOf(traced)
        const at = BigInt(address)
        activities.set(traced.pid, naming.places.has(at) ? begin(at, error) : null)
        break
      }
      case 'hmf':
        activities.set(traced.pid, enterHandler(traced, activity, naming, begin))
        break
      case 'hmf_ret':
        if (activity === null) break
        if (activity !== 'own fault') activity.ret = vmFaultNames(Number(fieldsOf(traced).ret ?? 0))
        activities.set(traced.pid, null)
        break
      default: {
        if (activity === 'own fault') break
        const event = eventOf(traced, naming)
        if (event !== null) (activity?.arguments ? activity.events : events).push(event)
      }
    }
  }
  return { faults: faults.map((fault) => named(fault, naming)), events }
}

/** A call of `handle_mm_fault` belongs to the trap before it, or to none: the kernel faults pages in by itself too. */
function enterHandler(
  traced: TraceLine,
  activity: Activity,
  { places }: Naming,
  begin: (at: bigint, error: string | null) => OpenFault,
): Activity {
  const { addr = '0', flags = '0', vmflags = '', vmprot = '' } = fieldsOf(traced)
  const at = BigInt(addr)
  if (!places.has(at)) return 'own fault'
  const fault = activity === null || activity === 'own fault' ? begin(at, null) : activity
  fault.arguments = { flags: faultFlagNames(Number(flags)), vmFlags: vmflags, pageProt: vmprot }
  return fault
}

function named({ at, error, events, arguments: args, ret }: OpenFault, { places }: Naming): FaultObservation {
  return { at: places.name(at), error, events, ...args, ret: ret ?? undefined }
}

function notAnEvent(place: string, text: string): CaptureError {
  return new CaptureError(place, {
    code: 'CAPTURE_BAD_LOG',
    found: quoted(text),
    expected: 'an event of the trace',
    remedy: /LOST/.test(text)
      ? 'the trace lost events; make the operation smaller'
      : 'the kernel prints its trace in another form than the harness knows',
  })
}
