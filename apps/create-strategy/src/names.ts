import { builtinModules } from 'node:module'
import { CreateError } from './create-error.ts'

/** What npm lets a package be called: a name, or a scope and a name. */
const PACKAGE = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
const LONGEST = 214
const REFUSED: ReadonlySet<string> = new Set([...builtinModules, 'node_modules', 'favicon.ico'])

/** @throws {CreateError} for a name that npm would not publish. */
export function checkPackageName(name: string): void {
  if (name.length > LONGEST)
    throw new CreateError(`'${name}'`, `has more than ${LONGEST} characters`, 'give a shorter --name')
  if (REFUSED.has(name))
    throw new CreateError(`'${name}'`, 'is no name that a package may have', 'give another one with --name')
  if (PACKAGE.test(name)) return
  const better = words(name)
  const remedy = better === '' ? '--name my-strategy' : `--name ${better}`
  throw new CreateError(
    `'${name}'`,
    'is no name of a package: lower-case letters, digits and hyphens, with a @scope/ before them or none',
    `give one, as ${remedy}`,
  )
}

/** The strategy's own name, as command lines use it: `@me/strategy-eager` makes `eager`. */
export function strategyName(packageName: string): string {
  const own = words(packageName.replace(/^@[^/]*\//, '')).replace(/^(?:mm-model-)?strategy-(?=[a-z])/, '')
  return /^[a-z]/.test(own) ? own : ['strategy', own].filter((part) => part !== '').join('-')
}

/** Lower-case words with hyphens between. */
function words(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
