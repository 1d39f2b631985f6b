/** One run from scenario files to recordings. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Scenario, stringifyObservation } from '@mm-model/scenario'
import { buildAgent } from './agent.ts'
import { CaptureError } from './capture-error.ts'
import type { ExitCode, Terminal } from './command.ts'
import { attempt, makeFolder, writeText } from './files.ts'
import { initramfs } from './initramfs.ts'
import { givenImage, type KernelImage, kernelImage } from './kernel-image.ts'
import type { KernelDefinition } from './kernels.ts'
import { checkLayout, layoutOfVmlinux } from './layout-check.ts'
import { type SignalStack, strategyArguments } from './machine.ts'
import { type Observed, observe, ZERO_SCENARIO, ZERO_TEXT } from './observe/observe.ts'
import { probeLines } from './probes.ts'
import { requireProgram } from './programs.ts'
import { CONSOLE, runGuest } from './qemu.ts'
import { readScenarios } from './scenario-files.ts'
import { extractVmlinux } from './vmlinux.ts'

/** Looked for before anything is fetched. */
export const PROGRAMS: readonly string[] = [
  'qemu-system-x86_64',
  'busybox',
  'mke2fs',
  'mkfs.xfs',
  'depmod',
  'gcc',
  'xz',
  'zstd',
  'dpkg-deb',
]

export interface RecordRequest {
  readonly definition: KernelDefinition
  readonly fs: string
  /** Folder of scenario files. */
  readonly scenarios: string
  /** Folder for the recordings. */
  readonly out: string
  /** What recordings say under `kernel`. */
  readonly name: string
  readonly kernelArguments: string
  /** `null` for a kernel that has but one. */
  readonly strategy: string | null
  readonly signalStack: SignalStack
  readonly cpu: string
  /** A package to boot instead of the definition's. */
  readonly imageFile: string | null
  /** Where the agent's log is kept, if it is. */
  readonly logFile: string | null
  readonly cache: string
  /** `null`: by what the scenarios are likely to take. */
  readonly timeoutSeconds: number | null
}

/**
 * @throws {CaptureError} for all that keeps a guest from running to its end. What the harness has found out by then
 * stays in a folder that the message or the terminal names.
 */
export async function record(request: RecordRequest, { print, tell }: Terminal): Promise<ExitCode> {
  const scenarios = readScenarios(request.scenarios)
  checkOut(request.out)
  for (const program of PROGRAMS) requireProgram(program)
  const work = attempt(tmpdir(), 'a folder that can be written', 'set TMPDIR to another', () =>
    mkdtempSync(join(tmpdir(), 'mm-model-capture-')),
  )
  try {
    const begun = performance.now()
    const image = prepareImage(request, work, tell)
    const initrd = prepareInitrd(request, image, scenarios, work)
    const { strategy } = request
    const booted = `${image.release} with ${request.fs}${strategy === null ? '' : ` and ${strategy}`}`
    tell(`booting ${booted}: ${scenarios.length} scenarios`)
    const { log, notes } = await runGuest({
      vmlinuz: image.vmlinuz,
      initrd,
      fs: request.fs,
      cpu: request.cpu,
      kernelArguments: `${strategyArguments(strategy)} ${request.kernelArguments}`.trim(),
      signalStack: request.signalStack,
      folder: work,
      timeoutSeconds: request.timeoutSeconds ?? likelySeconds(scenarios.map(({ scenario }) => scenario)),
      mark: 'SCENARIO ',
      onProgress: progress(scenarios.length, 'scenarios', tell),
    })
    for (const note of notes) tell(`guest: ${note}`)
    if (request.logFile !== null) writeText(request.logFile, log)
    const observed = observe(log, {
      kernel: request.name,
      fs: request.fs,
      place: request.logFile ?? join(work, 'agent.log'),
    })
    const exitCode = writeObserved(observed, request.out, { print, tell })
    print(`page tables: ${observed.levels} levels; ${Math.round((performance.now() - begun) / 1000)} seconds`)
    rmSync(work, { recursive: true, force: true })
    return exitCode
  } catch (error) {
    // What the guest has printed is wanted; without a guest there is nothing to look at.
    if (existsSync(join(work, CONSOLE))) tell(`what the guest printed is in ${work}`)
    else rmSync(work, { recursive: true, force: true })
    throw error
  }
}

/** Writes recordings, and tells of scenarios that have none. */
export function writeObserved(
  { observations, failures }: Observed,
  out: string,
  { print, tell }: Terminal,
): ExitCode {
  makeFolder(out)
  for (const observation of observations)
    writeText(join(out, `${observation.scenario}.json`), stringifyObservation(observation))
  for (const { scenario, reason } of failures)
    tell(scenario === '' ? `before the first scenario: ${reason}` : `${scenario}: not recorded: ${reason}`)
  print(
    `${observations.length} recordings in ${out}${failures.length === 0 ? '' : `, ${failures.length} complaints`}`,
  )
  return failures.length === 0 ? 0 : 1
}

/** Recordings of two runs must not mix. */
export function checkOut(out: string): void {
  const found = existsSync(out) ? attempt(out, 'a folder', 'choose another', () => readdirSync(out)) : []
  const recordings = found.filter((name) => name.endsWith('.json'))
  if (recordings.length === 0) return
  throw new CaptureError(out, {
    code: 'CAPTURE_FILE',
    found: `${recordings.length} recordings`,
    expected: 'a folder without recordings',
    remedy: 'choose another, or remove them',
  })
}

/** The kernel to boot, its layout checked. `imageFile` is a package to take instead of the definition's. */
export function prepareImage(
  { definition, imageFile, cache }: Pick<RecordRequest, 'definition' | 'imageFile' | 'cache'>,
  work: string,
  tell: (line: string) => void,
): KernelImage {
  const image = imageFile === null ? kernelImage(definition, cache, tell) : givenImage(imageFile, work, tell)
  // The build has checked the layout of what it built.
  if (definition.build !== undefined && imageFile === null) return image
  const layout = layoutOfVmlinux(extractVmlinux(readFileSync(image.vmlinuz), image.vmlinuz), image.vmlinuz)
  if (layout === null)
    tell(`${image.vmlinuz} has no type information: the offsets of kernel ${definition.name} are not checked`)
  else checkLayout(definition.name, definition.layout, layout)
  return image
}

function prepareInitrd(
  { definition }: RecordRequest,
  image: KernelImage,
  scenarios: ReturnType<typeof readScenarios>,
  work: string,
): string {
  const agent = join(work, 'agent')
  buildAgent(agent)
  const initrd = join(work, 'initrd.gz')
  const probes = probeLines(definition.layout, definition.absentProbes)
  const withZero = [{ name: ZERO_SCENARIO, text: ZERO_TEXT }, ...scenarios]
  writeFileSync(initrd, initramfs(image, { kind: 'record', agent, probes, scenarios: withZero }))
  return initrd
}

/** Many times what it takes on a slow machine: a limit is for guests that hang. */
function likelySeconds(scenarios: readonly Scenario[]): number {
  const operations = scenarios.flatMap(({ ops }) => ops)
  return 300 + operations.length
}

/** Tells now and then how far the guest is. */
export function progress(all: number, what: string, tell: (line: string) => void): (begun: number) => void {
  let told = 0
  return (begun) => {
    if (begun < told + 25) return
    told = begun
    tell(`${Math.min(begun, all)} of ${all} ${what}`)
  }
}
