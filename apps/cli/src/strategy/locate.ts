import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { exports as exportedBy } from 'resolve.exports'
import { InputError, systemReason } from '../input-error.ts'

const REMEDY = 'give the path of a module, of a folder with package.json, or the name of an installed package'

/** `name`, `@scope/name`, and what is asked of it: `name/part`. */
const PACKAGE = /^((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)(\/.+)?$/

/**
 * The file of a plugin.
 *
 * What begins with `.` or `/`, or is there, is a path: of a module, or of a folder that is a package. Anything else is a
 * package, looked for as Node does from each folder of `from` in turn.
 * @returns An absolute path, or `null` for a name that could be a package's and is none.
 * @throws {InputError} for a path without a module.
 */
export function locatePlugin(spec: string, from: readonly string[]): string | null {
  if (/^\.{0,2}[/\\]|^\.{1,2}$/.test(spec) || isAbsolute(spec) || existsSync(spec)) return locatePath(spec)
  if (/\.[cm]?[jt]sx?$/.test(spec)) throw new InputError(spec, 'does not exist', REMEDY)
  const [, name, part = ''] = PACKAGE.exec(spec) ?? []
  if (name === undefined) return null
  for (const base of from) {
    const folder = folderOfPackage(name, base)
    if (folder !== null) return entryOf(spec, folder, `.${part}`)
  }
  return null
}

function locatePath(spec: string): string {
  const path = resolve(spec)
  let isFolder: boolean
  let isFile: boolean
  try {
    const stat = statSync(path)
    isFolder = stat.isDirectory()
    isFile = stat.isFile()
  } catch (error) {
    throw new InputError(spec, systemReason(error), REMEDY)
  }
  if (isFolder) return entryOf(spec, path, '.')
  // A pipe or a device would be read for ever.
  if (!isFile) throw new InputError(spec, 'is neither a file nor a folder', REMEDY)
  checkExtension(spec, path)
  return path
}

function checkExtension(spec: string, path: string): void {
  const extension = extname(path)
  if (/^\.[cm]?tsx?$/.test(extension))
    throw new InputError(spec, 'is TypeScript', 'give the JavaScript that it compiles to')
  if (!['.js', '.mjs', '.cjs'].includes(extension))
    throw new InputError(spec, 'is not a JavaScript module', 'give a .js, .mjs or .cjs file')
}

/** Looks for a package from a folder upwards, the package around the folder included (as Node does for `exports`). */
function folderOfPackage(name: string, base: string): string | null {
  for (let folder = base; ; folder = dirname(folder)) {
    const installed = join(folder, 'node_modules', name)
    if (existsSync(join(installed, 'package.json'))) return installed
    if (readManifest(folder)?.name === name) return folder
    if (dirname(folder) === folder) return null
  }
}

/** What of a package.json is looked at. */
interface Manifest {
  readonly name: string
  readonly exports?: unknown
}

/** `null` for what is no package.json that could be read. */
function readManifest(folder: string): Manifest | null {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof manifest === 'object' ? (manifest as Manifest | null) : null
  } catch {
    return null
  }
}

/** The file that a package gives to who imports it, or a part of it. */
function entryOf(spec: string, folder: string, part: string): string {
  const manifest = readManifest(folder)
  if (manifest === null && existsSync(join(folder, 'package.json')))
    throw new InputError(spec, 'its package.json is not that of a package', 'correct it')
  // As Node: what `exports` says is all that there is.
  const file = manifest?.exports == null ? unlisted(folder, part) : listed(folder, part, manifest)
  if (file === null || !existsSync(file)) {
    const found = part === '.' ? 'has no entry that is there' : `has no '${part}' that is there`
    throw new InputError(spec, found, 'correct "exports" or "main" of its package.json, or build it')
  }
  checkExtension(spec, file)
  return file
}

function listed(folder: string, part: string, manifest: Manifest): string | null {
  try {
    const [file] = exportedBy(manifest, part) ?? []
    return file === undefined ? null : join(folder, file)
  } catch {
    // It throws for a part that is not listed.
    return null
  }
}

function unlisted(folder: string, part: string): string | null {
  const file = join(folder, part)
  try {
    return createRequire(join(folder, 'package.json')).resolve(file)
  } catch {
    return null
  }
}
