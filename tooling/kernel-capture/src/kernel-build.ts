/** Builds the kernel with the strategies: Debian's source, our edits, a minimal configuration. */
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { applyEdit } from './apply-edits.ts'
import { CaptureError } from './capture-error.ts'
import { attempt, makeFolder, readText, writeText } from './files.ts'
import { EDITS, OWN_FILES } from './kernel-edits.ts'
import { type KernelLayout, LAYOUT_MEMBERS } from './probes.ts'
import { runProgram } from './programs.ts'

/** Our files for the kernel, and the configuration. */
const OWN: string = join(import.meta.dirname, '..', 'kernel')
const CONFIG: string = 'config'

/** What is not unpacked: other machines, but for what begins with c, because crypto/Kconfig reads their crypto/Kconfig. */
const LEFT_PACKED: readonly string[] = [
  ...['alpha', 'arc', 'arm', 'arm64', 'csky', 'hexagon', 'ia64', 'loongarch', 'm68k', 'microblaze', 'mips'],
  ...['nios2', 'openrisc', 'parisc', 'powerpc', 'riscv', 's390', 'sh', 'sparc', 'xtensa'],
].map((name) => `arch/${name}/[!c]*`)

/** Same edits, files and configuration, same name: part of the folder in the cache. */
export function buildName(): string {
  const hash = createHash('sha256').update(JSON.stringify(EDITS))
  for (const name of readdirSync(OWN).sort()) hash.update(name).update(readFileSync(join(OWN, name)))
  return hash.digest('hex').slice(0, 12)
}

/**
 * Builds in a folder of its own, and returns one that is laid out like an unpacked kernel package.
 *
 * @param sourcePackage Debian's `linux-source-…` package.
 * @throws {CaptureError} CAPTURE_SOURCE, CAPTURE_PROGRAM_FAILED, CAPTURE_MISSING_TOOL
 */
export function buildKernel(
  sourcePackage: string,
  layout: KernelLayout,
  work: string,
  tell: (line: string) => void,
): string {
  const [packageRoot, source, objects] = ['package', 'source', 'objects'].map((name) => {
    makeFolder(join(work, name))
    return join(work, name)
  }) as [string, string, string]
  tell('unpacking the source')
  runProgram('dpkg-deb', ['-x', sourcePackage, packageRoot])
  const archives = join(packageRoot, 'usr', 'src')
  const archive = readdirSync(archives).find((name) => name.endsWith('.tar.xz')) ?? ''
  runProgram('tar', [
    ...['-xf', join(archives, archive), '-C', source, '--strip-components=1'],
    ...LEFT_PACKED.map((pattern) => `--exclude=*/${pattern}`),
  ])
  editSource(source, layout)
  const jobs = `-j${availableParallelism()}`
  const make = (...words: readonly string[]): Buffer =>
    runProgram('make', ['-s', '-C', source, `O=${objects}`, ...words])
  make(`KCONFIG_ALLCONFIG=${join(OWN, CONFIG)}`, 'allnoconfig')
  checkConfiguration(
    readText(join(OWN, CONFIG), 'the configuration'),
    readText(join(objects, '.config'), 'a .config'),
  )
  tell(`building the kernel (make ${jobs}); this takes minutes`)
  make(jobs, 'bzImage', 'modules.builtin')
  return packaged(objects, join(work, 'image'))
}

function editSource(source: string, layout: KernelLayout): void {
  const edited = new Map<string, string>()
  for (const edit of EDITS) {
    const text = edited.get(edit.file) ?? readText(join(source, edit.file), 'a file of the kernel')
    edited.set(edit.file, applyEdit(text, edit))
  }
  for (const [file, text] of edited) writeText(join(source, file), text)
  for (const [file, to] of OWN_FILES) writeText(join(source, to), readText(join(OWN, file), 'a file of ours'))
  const checks = (Object.entries(LAYOUT_MEMBERS) as [keyof KernelLayout, readonly [string, string]][]).map(
    ([key, [struct, member]]) =>
      `static_assert(offsetof(struct ${struct}, ${member}) == ${layout[key]}, "the layout of src/kernels.ts");\n`,
  )
  writeText(join(source, 'fs', 'dax-strategy-layout.h'), checks.join(''))
}

/** A configuration that asks for what another option forbids would be another kernel, silently. */
function checkConfiguration(wanted: string, got: string): void {
  const lines = new Set(got.split('\n'))
  const lost = wanted.split('\n').filter((line) => line.startsWith('CONFIG_') && !lines.has(line))
  if (lost.length === 0) return
  throw new CaptureError(`kernel/${CONFIG}`, {
    code: 'CAPTURE_SOURCE',
    found: `no ${lost.join(', ')} in the configuration that came out`,
    expected: 'all of it',
    remedy: 'the source or the compiler is another: take what src/kernels.ts names, or adapt kernel/config',
  })
}

/** The few files of a kernel package that a guest needs. */
function packaged(objects: string, image: string): string {
  const release = readText(
    join(objects, 'include', 'config', 'kernel.release'),
    'the name of the build',
  ).trim()
  const modules = join(image, 'lib', 'modules', release)
  makeFolder(modules)
  makeFolder(join(image, 'boot'))
  const copy = (from: string, to: string): void =>
    attempt(to, 'room for the kernel', 'choose another --cache', () => copyFileSync(join(objects, from), to))
  copy(join('arch', 'x86', 'boot', 'bzImage'), join(image, 'boot', `vmlinuz-${release}`))
  copy('System.map', join(image, 'boot', `System.map-${release}`))
  copy('.config', join(image, 'boot', `config-${release}`))
  copy('modules.builtin', join(modules, 'modules.builtin'))
  writeText(join(modules, 'modules.dep'), '')
  return image
}
