/** What the harness needs from Debian, and its installation, which is never silent. */
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

/** Says what it will install, asks apt for new lists, and installs. */
export function installPackages(names: readonly string[], tell: (line: string) => void): void {
  tell(`installing ${names.length} Debian packages on this machine, with what they depend on:`)
  for (const name of names) tell(`  ${name}: ${PACKAGES[name] ?? BUILD_PACKAGES[name] ?? ''}`)
  updateLists(tell)
  runLoud(['apt-get', 'install', '-y', '--no-install-recommends', ...names], tell)
}

/** Package lists may be too old to have a kernel's version, or may never have been fetched. */
export function updateLists(tell: (line: string) => void): void {
  runLoud(['apt-get', 'update'], tell)
}

function runLoud(words: readonly string[], tell: (line: string) => void): void {
  const [program, ...rest] = [...rootPrefix(), ...words] as [string, ...string[]]
  tell(`$ ${[program, ...rest].join(' ')}`)
  runProgram(program, rest, { loud: true })
}

function isInstalled(name: string): boolean {
  try {
    return /^Status: .* installed$/m.test(runProgram('dpkg-query', ['-s', name]).toString())
  } catch {
    // dpkg-query fails for a package that it has never heard of.
    return false
  }
}

function rootPrefix(): readonly string[] {
  if (process.getuid?.() === 0) return []
  if (findProgram('sudo') !== null) return ['sudo']
  throw new CaptureError('apt', {
    code: 'CAPTURE_MISSING_TOOL',
    found: 'neither root’s rights nor sudo',
    expected: 'one of them',
    remedy: 'run `pnpm capture install` as root',
  })
}
