/** Puts together what the guest's memory holds at boot: the agent, the scenarios, and the few programs it needs. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type ArchiveFile, cpio } from './cpio.ts'
import { readBytes, readText } from './files.ts'
import type { KernelImage } from './kernel-image.ts'
import { MODULES } from './machine.ts'
import { moduleName, modulesToLoad } from './modules.ts'
import { requireProgram, runProgram } from './programs.ts'

const INIT: string = join(import.meta.dirname, '..', 'guest', 'init')

/** Programs of the host that make file systems in the guest. */
const MAKERS: readonly string[] = ['mke2fs', 'mkfs.xfs']

const EMPTY_FOLDERS: readonly string[] = [
  'bin',
  'sbin',
  'lib',
  'lib64',
  'etc',
  'proc',
  'sys',
  'dev',
  'mnt',
  'tmp',
]

interface GuestScenario {
  readonly name: string
  readonly text: string
}

/** What the guest is booted for. */
export type GuestTask =
  | {
      readonly kind: 'record'
      /** The path of the built agent. */
      readonly agent: string
      readonly probes: readonly string[]
      /** They run in the order of their names. */
      readonly scenarios: readonly GuestScenario[]
    }
  /** The path of the built counter. */
  | { readonly kind: 'count'; readonly counter: string }

/** The compressed archive. The same contents give the same bytes. */
export function initramfs(image: KernelImage, task: GuestTask): Buffer {
  const modules = guestModules(image)
  const files = [
    program('init', readFileSync(INIT)),
    ...filesOf(task),
    program('bin/busybox', readBytes(requireProgram('busybox'), 'busybox')),
    ...MAKERS.flatMap(withLibraries),
    ...(existsSync('/etc/mke2fs.conf') ? [file('etc/mke2fs.conf', readFileSync('/etc/mke2fs.conf'))] : []),
    ...modules,
    file('modules.list', lines(modules.map(({ path }) => path.slice('mod/'.length)))),
  ]
  return gzipSync(cpio(withoutDoubles(files), EMPTY_FOLDERS), { level: 1 })
}

function filesOf(task: GuestTask): readonly ArchiveFile[] {
  if (task.kind === 'count') return [program('count', readBytes(task.counter, 'the built counter'))]
  return [
    program('agent', readBytes(task.agent, 'the built agent')),
    file('probes', lines(task.probes)),
    ...task.scenarios.map(({ name, text }) => file(`scn/${name}.scn`, Buffer.from(text))),
  ]
}

function guestModules({ modules }: KernelImage): readonly ArchiveFile[] {
  const read = (name: string): string => readText(join(modules, name), 'a list of modules')
  return modulesToLoad(MODULES, read('modules.dep'), read('modules.builtin')).map((path) => {
    const bytes = readBytes(join(modules, path), 'a module')
    // The guest's insmod need not know how modules are compressed.
    const plain = path.endsWith('.xz') ? runProgram('xz', ['-dc'], { input: bytes }) : bytes
    return file(`mod/${moduleName(path)}.ko`, plain)
  })
}

/** A dynamic program, with the libraries that `ldd` says it loads at the paths that it says. */
function withLibraries(name: string): readonly ArchiveFile[] {
  const path = requireProgram(name)
  const libraries = runProgram('ldd', [path]).toString().match(/\/\S+/g) ?? []
  return [
    program(`sbin/${name}`, readFileSync(path)),
    ...libraries.map((library) => program(library.slice(1), readBytes(library, 'a library'))),
  ]
}

function withoutDoubles(files: readonly ArchiveFile[]): readonly ArchiveFile[] {
  return [...new Map(files.map((entry) => [entry.path, entry])).values()]
}

function program(path: string, bytes: Buffer): ArchiveFile {
  return { path, bytes, executable: true }
}

function file(path: string, bytes: Buffer): ArchiveFile {
  return { path, bytes, executable: false }
}

function lines(all: readonly string[]): Buffer {
  return Buffer.from(all.map((line) => `${line}\n`).join(''))
}
