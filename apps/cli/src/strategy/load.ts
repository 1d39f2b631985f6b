import { spawnSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { defineStrategy, type StrategyDefinition, type WriteFaultStrategy } from '@mm-model/core'
import { InputError } from '../input-error.ts'
import { describeThrown, PluginFailure } from './failure.ts'

/** What Node says of modules that are not there, or that it cannot load; a plugin's own errors have other codes. */
const LOADER_CODES =
  /^(?:MODULE_NOT_FOUND|ERR_(?:MODULE_NOT_FOUND|UNKNOWN_(?:FILE_EXTENSION|MODULE_FORMAT|BUILTIN_MODULE)|UNSUPPORTED_(?:DIR_IMPORT|ESM_URL_SCHEME|NODE_MODULES_TYPE_STRIPPING|TYPESCRIPT_SYNTAX)|REQUIRE_(?:ESM|ASYNC_MODULE|CYCLE_MODULE)|INVALID_(?:MODULE_SPECIFIER|PACKAGE_CONFIG|PACKAGE_TARGET)|PACKAGE_(?:PATH_NOT_EXPORTED|IMPORT_NOT_DEFINED)|IMPORT_(?:ASSERTION|ATTRIBUTE)_\w+))$/

/**
 * Imports a plugin and takes its strategy.
 *
 * @param spec What the user wrote, for messages.
 * @param exported The export to take; without one, the default, else the only export that is a strategy. `null` where
 * the user has no way to say which.
 * @param entering Told of what of the plugin's runs next, so that one that hangs can be named.
 * @throws {InputError} when it is not JavaScript, imports what is not there, or has no strategy, or a malformed one.
 * @throws {PluginFailure} when its own code throws.
 */
export async function loadPlugin(
  spec: string,
  file: string,
  exported: string | undefined | null,
  entering?: (where: string) => void,
): Promise<WriteFaultStrategy> {
  let namespace: object
  entering?.('its import')
  try {
    namespace = (await import(pathToFileURL(file).href)) as object
  } catch (error) {
    throw importError(spec, file, error)
  }
  entering?.('its export')
  try {
    return defineStrategy(chooseExport(spec, namespace, exported) as StrategyDefinition)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw definitionError(spec, error) ?? threw(spec, 'its export', error)
  }
}

/** An error of `defineStrategy`, of whichever copy of the core, as what is wrong with the input; else `null`. */
function definitionError(spec: string, error: unknown): InputError | null {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'STRATEGY_DEFINITION') return null
  const { found, expected, remedy } = error as unknown as Record<'found' | 'expected' | 'remedy', unknown>
  return new InputError(spec, `${found}, expected ${expected}`, String(remedy))
}

function threw(spec: string, where: string, error: unknown): PluginFailure {
  return new PluginFailure(spec, where, {
    found: `it threw ${describeThrown(error)}`,
    expected: 'a module that exports a strategy',
    remedy: 'let hooks do the work: a module only defines it',
  })
}

function importError(spec: string, file: string, error: unknown): InputError | PluginFailure {
  if (!(error instanceof Error)) return threw(spec, 'its import', error)
  const definition = definitionError(spec, error)
  if (definition !== null) return definition
  if (error instanceof SyntaxError && isFromLoader(error)) {
    const place = placeOf(String(error.stack)) ?? placeInEntry(file)
    const found = place === null ? 'in a module that it imports: ' : ''
    return new InputError(place ?? spec, `${found}${describeThrown(error)}`, 'correct the module')
  }
  const code = 'code' in error ? String(error.code) : ''
  if (LOADER_CODES.test(code)) {
    const [what = ''] = error.message.split('\n')
    return new InputError(spec, what, 'install what is missing, or correct the import')
  }
  return threw(spec, 'its import', error)
}

/** A syntax error of a module comes from the loader; one that the module throws comes from its own code. */
function isFromLoader(error: SyntaxError): boolean {
  const stack = String(error.stack)
  const first = stack.split('\n').find((line) => /^ {4}at /.test(line))
  return placeOf(stack) !== null || first?.includes('node:internal/') === true
}

/** `path:line`, which Node puts before the message where it knows the place. */
function placeOf(stack: string): string | null {
  const [, url, line] = /^((?:file:\/\/)?\/[^\n]*|[A-Za-z]:\\[^\n]*):(\d+)\n/.exec(stack) ?? []
  if (url === undefined) return null
  return `${url.startsWith('file://') ? fileURLToPath(url) : url}:${line}`
}

/** `import` keeps the place of a syntax error to itself; a check of the file alone prints it. */
function placeInEntry(file: string): string | null {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 })
  return placeOf(stderr ?? '')
}

/** Picks an export of the module; a CommonJS module's are the members of what it exports. */
function chooseExport(spec: string, namespace: object, exported: string | undefined | null): unknown {
  const { default: main, ...named } = namespace as Record<string, unknown>
  delete named['module.exports']
  delete named.__esModule
  const members: Record<string, unknown> =
    typeof main === 'object' && main !== null && !looksLikeStrategy(main) ? { ...main, ...named } : named
  const { default: inner, __esModule: _, ...all } = members
  const fallback = looksLikeStrategy(main) ? main : inner
  if (typeof exported === 'string') {
    if (exported === 'default' && fallback !== undefined) return fallback
    if (Object.hasOwn(all, exported)) return all[exported]
    throw new InputError(spec, `exports no '${exported}'`, remedyFor(all, fallback))
  }
  if (fallback !== undefined) return fallback
  const strategies = Object.values(all).filter(looksLikeStrategy)
  const [only] = new Set(strategies)
  if (only === undefined) throw new InputError(spec, 'exports no strategy', remedyFor(all, fallback))
  if (new Set(strategies).size > 1)
    throw new InputError(
      spec,
      'exports several strategies',
      exported === null ? 'make the one that you mean its default export' : remedyFor(all, fallback),
    )
  return only
}

function remedyFor(all: Readonly<Record<string, unknown>>, fallback: unknown): string {
  const names = Object.keys(all).filter((name) => looksLikeStrategy(all[name]))
  const strategies = fallback === undefined ? names : ['default', ...names]
  if (strategies.length === 0) return 'export what defineStrategy of @mm-model/core returns'
  return `choose one with --export: ${strategies.join(', ')}`
}

function looksLikeStrategy(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['install', 'apiVersion', 'capabilities'].some((member) => member in value)
  )
}
