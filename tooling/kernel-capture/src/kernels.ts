/**
 * The kernels that the harness knows, as data. To add one, see "Adding a kernel" in the README: copy a definition, give
 * its package and the offsets that `pnpm capture offsets` prints, and record; the run complains about each probe that
 * the kernel does not take.
 */
import { nearestWord } from '@mm-model/scenario'
import { CaptureError, quoted } from './capture-error.ts'
import type { KernelLayout, ProbeName } from './probes.ts'

export interface DebianPackage {
  readonly package: string
  readonly version: string
  readonly sha256: string
}

export interface KernelDefinition {
  /** What `--kernel` takes, and what recordings say under `kernel`. */
  readonly name: string
  readonly title: string
  /** The Debian package of the image, or of the source it is built of, which apt finds, and whose bytes are checked. */
  readonly image: DebianPackage
  /** For a kernel that the harness edits and builds. */
  readonly build?: {
    /** What `--strategy` takes; the first one is the kernel as it is without. */
    readonly strategies: readonly string[]
    /** What recordings say under `kernel`. */
    readonly recordedAs: string
  }
  readonly layout: KernelLayout
  /** Probes that this kernel is recorded without. Any other that it refuses ends the run. */
  readonly absentProbes: readonly ProbeName[]
}

export const KERNELS: readonly KernelDefinition[] = [
  {
    name: '6.1',
    title: 'Debian 12, Linux 6.1.176',
    image: {
      package: 'linux-image-6.1.0-50-amd64',
      version: '6.1.176-1',
      sha256: '7b5597492a0a65aee61985a492e6bcc3f2cde830072a0e3b3d8c7e1b90279bd3',
    },
    layout: { vmMm: 16, vmPageProt: 24, vmFlags: 32, mmPgd: 72, faultFlags: 40, faultOrigPte: 64 },
    absentProbes: [],
  },
  {
    name: '6.12',
    title: 'Debian 12 (security), Linux 6.12.111',
    image: {
      package: 'linux-image-6.12.111+deb12-amd64',
      version: '6.12.111-1~deb12u1',
      sha256: '4735029b30a978d73dbc75d43ebab79cf244e644bd6db83547a491bb6aa554e8',
    },
    layout: { vmMm: 16, vmPageProt: 24, vmFlags: 32, mmPgd: 120, faultFlags: 40, faultOrigPte: 64 },
    // wp_page_copy is inlined; vmf_insert_pfn_pmd has no `_prot` twin any more, and the shipped recordings are without it.
    absentProbes: ['vmf_insert_pfn_pmd', 'wp_page_copy'],
  },
  {
    name: '6.1-strategies',
    title: 'Linux 6.1.192, minimal configuration, edited: a boot parameter selects the write-fault strategy',
    image: {
      package: 'linux-source-6.1',
      version: '6.1.192-2',
      sha256: 'ae95fe63d4c553f8d0e6c86cb1ab566f3894a43743eb19ab585cd97d82f26514',
    },
    build: {
      strategies: ['mkwrite', 'retry', 'insert-writable', 'fallthrough', 'readonly-hint', 'deferred-mtime'],
      recordedAs: '6.1',
    },
    // The build checks them.
    layout: { vmMm: 16, vmPageProt: 24, vmFlags: 32, mmPgd: 56, faultFlags: 40, faultOrigPte: 64 },
    absentProbes: [],
  },
]

/**
 * The strategy to boot a kernel with: what was asked for, its first one, or `null` where it has but one.
 *
 * @throws {CaptureError} CAPTURE_ARGUMENT for one that the kernel has not.
 */
export function strategyOf({ name, build }: KernelDefinition, asked: string | null): string | null {
  const strategies = build?.strategies ?? []
  if (asked === null) return strategies[0] ?? null
  if (strategies.includes(asked)) return asked
  const nearest = nearestWord(asked, strategies)
  throw new CaptureError('--strategy', {
    code: 'CAPTURE_ARGUMENT',
    found: quoted(asked),
    expected:
      strategies.length === 0 ? `none: kernel ${name} has but its own` : `one of ${strategies.join(', ')}`,
    remedy:
      strategies.length === 0
        ? 'take --kernel 6.1-strategies'
        : nearest === null
          ? 'run `pnpm capture kernels`'
          : `did you mean '${nearest}'?`,
  })
}

/** @throws {CaptureError} CAPTURE_UNKNOWN_KERNEL */
export function findKernel(name: string): KernelDefinition {
  const kernel = KERNELS.find((known) => known.name === name)
  if (kernel !== undefined) return kernel
  const names = KERNELS.map((known) => known.name)
  const nearest = nearestWord(name, names)
  throw new CaptureError('--kernel', {
    code: 'CAPTURE_UNKNOWN_KERNEL',
    found: quoted(name),
    expected: `one of ${names.join(', ')}`,
    remedy:
      nearest === null
        ? 'the README says how to add a kernel; it is data in src/kernels.ts'
        : `did you mean '${nearest}'?`,
  })
}
