/** What the harness needs from Debian, and its installation, which is never silent. */
import * as apt from '@mm-model/apt'
import { CaptureError } from './capture-error.ts'
import { findProgram, runProgram } from './programs.ts'

/** Each package, and what for. */
export const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-system-x86': 'emulates the machine',
  'busybox-static': 'the guest’s shell',
  e2fsprogs: 'mke2fs, which the guest runs',
  xfsprogs: 'mkfs.xfs, which the guest runs',
  kmod: 'depmod, for the order of modules',
  gcc: 'compiles the agent',
  'libc6-dev': 'the static C library',
  'xz-utils': 'unpacks kernels and modules',
  zstd: 'unpacks kernels',
}

/** What building a kernel needs besides. */
const BUILD_PACKAGES: Readonly<Record<string, string>> = {
  make: 'builds the kernel',
  flex: 'builds the kernel’s configuration program',
  bison: 'builds the kernel’s configuration program',
  bc: 'the kernel’s makefiles compute with it',
  'libelf-dev': 'the kernel’s objtool reads object files with it',
  perl: 'the kernel’s scripts',
}

/**
 * Those that are not installed.
 *
 * @param builds Whether a kernel is to be built.
 * @throws {CaptureError} CAPTURE_MISSING_TOOL where there is no Debian.
 */
export function missingPackages(builds: boolean): readonly string[] {
  if (findProgram('dpkg-query') === null || findProgram('apt-get') === null)
    throw new CaptureError('apt', {
      code: 'CAPTURE_MISSING_TOOL',
      found: 'no dpkg-query or no apt-get',
      expected: 'Debian, or a system made of it',
      remedy: 'run the harness in a Debian container',
    })
  const packages = builds ? { ...PACKAGES, ...BUILD_PACKAGES } : PACKAGES
  return Object.keys(packages).filter((name) => !isInstalled(name))
}

/**
 * Says what it will install, asks apt for new lists, and installs.
 *
 * @throws {CaptureError} CAPTURE_MISSING_TOOL, CAPTURE_PROGRAM_FAILED
 */
export function installPackages(names: readonly string[], tell: (line: string) => void): void {
  tell(`installing ${names.length} Debian packages on this machine, with what they depend on:`)
  for (const name of names) tell(`  ${name}: ${PACKAGES[name] ?? BUILD_PACKAGES[name] ?? ''}`)
  captured(() => apt.installPackages(names, { tell }))
}

/** Package lists may be too old to have a kernel's version, or may never have been fetched. */
export function updateLists(tell: (line: string) => void): void {
  captured(() => apt.updateLists({ tell }))
}

function captured(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof apt.AptError)) throw error
    const { found, expected, remedy } = error
    const code = error.code === 'APT_FAILED' ? 'CAPTURE_PROGRAM_FAILED' : 'CAPTURE_MISSING_TOOL'
    throw new CaptureError('apt', { code, found, expected, remedy })
  }
}

function isInstalled(name: string): boolean {
  try {
    return /^Status: .* installed$/m.test(runProgram('dpkg-query', ['-s', name]).toString())
  } catch {
    // dpkg-query fails for a package that it has never heard of.
    return false
  }
}
