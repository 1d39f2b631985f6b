import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateError, systemReason } from './create-error.ts'
import { checkPackageName, strategyName } from './names.ts'

/** What to make, and where. */
export interface CreateOptions {
  /** Made if it is not there; must be empty but for `.git`. */
  readonly folder: string
  /** The name of the package. Default: that of the folder. */
  readonly name?: string | undefined
}

/** What was made. */
export interface Created {
  readonly folder: string
  readonly name: string
  /** Paths in the folder, sorted. */
  readonly files: readonly string[]
  /** What there is to do now, as lines for a shell. */
  readonly next: readonly string[]
  /** Whether what it needs was linked from the repository that this program runs in, so that nothing is to be installed. */
  readonly linked: boolean
}

/** Each file with its name in the template, where npm would give a file of that name a meaning. */
const FILES: readonly (readonly [path: string, template: string])[] = [
  ['.gitignore', '_gitignore'],
  ['LICENSE', 'LICENSE'],
  ['README.md', 'README.md'],
  ['package.json', '_package.json'],
  ['src/index.d.ts', 'src/index.d.ts'],
  ['src/index.js', 'src/index.js'],
  ['test/conformance.test.js', 'test/conformance.test.js'],
]

/** What the new package needs: to run, and to be tested. */
const NEEDED = ['@mm-model/core', '@mm-model/conformance'] as const

/** `src/` and `dist/` are both published, and lie side by side. */
const TEMPLATE = fileURLToPath(new URL('../src/template', import.meta.url))

/**
 * Writes a package with a strategy that passes the conformance kit.
 *
 * @throws {CreateError} for a folder that holds anything, a name that npm would not take, or what the system refuses.
 */
export function createStrategy({ folder, name = basename(resolve(folder)) }: CreateOptions): Created {
  checkPackageName(name)
  checkFolder(folder)
  const needed = NEEDED.map(locate)
  const values: Readonly<Record<string, string>> = {
    'package-name': name,
    'strategy-name': strategyName(name),
    'core-version': needed[0]!.version,
    'conformance-version': needed[1]!.version,
  }
  const linked = needed.every(({ isLink }) => isLink)
  try {
    for (const [path, template] of FILES) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), fillIn(readFileSync(join(TEMPLATE, template), 'utf8'), values))
    }
    if (linked) link(folder, needed)
  } catch (error) {
    throw new CreateError(folder, systemReason(error), 'give a folder that can be made')
  }
  const enter = resolve(folder) === process.cwd() ? [] : [`cd ${quoted(folder)}`]
  const next = [...enter, ...(linked ? [] : ['npm install']), 'npm test']
  return { folder, name, files: FILES.map(([path]) => path), next, linked }
}

function checkFolder(folder: string): void {
  let entries: readonly string[]
  try {
    entries = readdirSync(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') return
    const reason = code === 'ENOTDIR' ? 'is there and is not a folder' : systemReason(error)
    throw new CreateError(folder, reason, 'give a folder that is empty or not there')
  }
  if (entries.some((entry) => entry !== '.git'))
    throw new CreateError(folder, 'is not empty', 'give a folder that is empty or not there')
}

/** A package as it is installed beside this one. */
interface Needed {
  readonly name: string
  readonly folder: string
  readonly version: string
  /** In the repository of mm-model packages are links to their sources; they need not be on any registry. */
  readonly isLink: boolean
}

function locate(name: string): Needed {
  const require = createRequire(import.meta.url)
  const manifest = realpathSync(require.resolve(`${name}/package.json`))
  const { version } = require(manifest) as { readonly version: string }
  return { name, folder: dirname(manifest), version, isLink: !manifest.includes(`${sep}node_modules${sep}`) }
}

function link(folder: string, needed: readonly Needed[]): void {
  for (const { name, folder: target } of needed) {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path, 'junction')
  }
}

/** Replaces each `{{value}}`. */
function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{([a-z-]+)\}\}/g, (_, value: string) => {
    const given = values[value]
    if (given === undefined) throw new Error(`the template asks for '${value}', which nobody gives`)
    return given
  })
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w./@:+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
