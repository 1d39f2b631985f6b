/** Gets a kernel's package through apt, checks and unpacks it, once; later runs find it in the cache. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { CaptureError } from './capture-error.ts'
import { attempt, makeFolder, readBytes } from './files.ts'
import { buildKernel, buildName } from './kernel-build.ts'
import type { DebianPackage, KernelDefinition } from './kernels.ts'
import { runProgram } from './programs.ts'

/** An unpacked kernel package. */
export interface KernelImage {
  /** What the guest boots. */
  readonly vmlinuz: string
  /** `lib/modules/RELEASE` */
  readonly modules: string
  /** What `uname -r` says. */
  readonly release: string
}

/** Where packages are kept. */
export function defaultCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mm-model', 'kernel-capture')
}

/**
 * The image of a definition: out of the cache, else through `apt-get download`, and built where the definition says so.
 *
 * @throws {CaptureError} CAPTURE_IMAGE, CAPTURE_SOURCE, CAPTURE_PROGRAM_FAILED, CAPTURE_FILE
 */
export function kernelImage(
  { image, build, layout }: KernelDefinition,
  cache: string,
  tell: (line: string) => void,
): KernelImage {
  const folder = join(
    cache,
    `${image.package}_${image.version}${build === undefined ? '' : `_${buildName()}`}`,
  )
  if (!existsSync(folder)) {
    makeFolder(cache)
    const work = temporary(cache)
    try {
      const file = downloaded(image, work, tell)
      if (build === undefined) unpack(file, folder, tell)
      else {
        const built = buildKernel(file, layout, work, tell)
        attempt(folder, 'room for the kernel', 'choose another --cache', () => renameSync(built, folder))
      }
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  return inFolder(folder)
}

/** The checked file of a package, in `into`. */
function downloaded(image: DebianPackage, into: string, tell: (line: string) => void): string {
  tell(`apt-get download ${image.package}=${image.version}`)
  runDownload(image, into)
  const file = join(into, readdirSync(into).find((name) => name.endsWith('.deb')) ?? '')
  checkDigest(file, image.sha256)
  return file
}

/** The image in a package file that the user gives. It is unpacked anew each time. */
export function givenImage(file: string, into: string, tell: (line: string) => void): KernelImage {
  readBytes(file, 'the package of a kernel')
  const folder = join(into, 'image')
  unpack(file, folder, tell)
  return inFolder(folder)
}

function runDownload(image: DebianPackage, cwd: string): void {
  try {
    // As root, apt would drop its rights and then not be able to write into our folder.
    runProgram(
      'apt-get',
      ['-qq', '-o', 'APT::Sandbox::User=root', 'download', `${image.package}=${image.version}`],
      { cwd },
    )
  } catch (cause) {
    if (!(cause instanceof CaptureError) || cause.code === 'CAPTURE_MISSING_TOOL') throw cause
    throw new CaptureError(
      `${image.package} ${image.version}`,
      {
        code: 'CAPTURE_IMAGE',
        found: cause.found,
        expected: 'apt to download it',
        remedy: `run \`pnpm capture install\`, which asks for new package lists; if the archive no longer has this version, get the .deb from https://snapshot.debian.org/package/linux-signed-amd64/ and give it with --image`,
      },
      { cause },
    )
  }
}

/** The package's bytes are part of what a recording depends on. */
function checkDigest(file: string, expected: string): void {
  const found = createHash('sha256').update(readBytes(file, 'the package')).digest('hex')
  if (found === expected) return
  throw new CaptureError(basename(file), {
    code: 'CAPTURE_IMAGE',
    found: `sha256 ${found}`,
    expected,
    remedy: 'it is not the package that src/kernels.ts means; correct the definition or get the right one',
  })
}

/** Unpacks beside the place it is for, and moves it there in one step: what is there is complete. */
function unpack(file: string, folder: string, tell: (line: string) => void): void {
  tell(`unpacking ${basename(file)}`)
  const half = temporary(join(folder, '..'))
  try {
    runProgram('dpkg-deb', ['-x', file, half])
    // Since Debian 13 packages have their modules below usr; depmod looks for lib/modules.
    if (!existsSync(join(half, 'lib'))) symlinkSync(join('usr', 'lib'), join(half, 'lib'))
    runProgram('depmod', ['-b', half, inFolder(half).release])
    attempt(folder, 'room for the unpacked package', 'choose another --cache', () => renameSync(half, folder))
  } finally {
    rmSync(half, { recursive: true, force: true })
  }
}

function inFolder(folder: string): KernelImage {
  const list = (path: string): readonly string[] => (existsSync(path) ? readdirSync(path) : [])
  const modules = join(folder, 'lib', 'modules')
  const release = list(modules)[0]
  const vmlinuz = list(join(folder, 'boot')).find((name) => name.startsWith('vmlinuz-'))
  if (release === undefined || vmlinuz === undefined)
    throw new CaptureError(folder, {
      code: 'CAPTURE_IMAGE',
      found: release === undefined ? 'no lib/modules' : 'no boot/vmlinuz',
      expected: 'the files of a kernel package',
      remedy: 'remove the folder and run again, or give another --image',
    })
  return { vmlinuz: join(folder, 'boot', vmlinuz), modules: join(modules, release), release }
}

function temporary(parent: string): string {
  return attempt(parent, 'a folder that can be written', 'choose another --cache', () =>
    mkdtempSync(join(parent, '.partial-')),
  )
}
