/**
 * Derives the straight-line twin of stepped sources: every `src/steps/**.ts` of a package becomes `src/plain/**.ts`.
 *
 *     node tooling/straighten/straighten.mjs           write the twins
 *     node tooling/straighten/straighten.mjs --check   exit 1 if a twin is not what its source gives
 *
 * `blocked.ts` and `shootdown.ts` are written by hand on both sides: what waiting means is the difference between them.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { straighten } from './transform.mjs'

const ROOT = join(import.meta.dirname, '..', '..')
export const PACKAGES = ['packages/core', 'packages/dax']
export const BY_HAND = new Set(['blocked.ts', 'shootdown.ts'])

/** The twins of one package: file name to text. */
export function twinsOf(root, directory) {
  const steps = join(root, directory, 'src', 'steps')
  const twins = new Map()
  for (const name of readdirSync(steps).sort()) {
    if (!name.endsWith('.ts') || BY_HAND.has(name)) continue
    twins.set(name, straighten(readFileSync(join(steps, name), 'utf8'), name))
  }
  return twins
}

function main(check) {
  let stale = 0
  for (const directory of PACKAGES) {
    const plain = join(ROOT, directory, 'src', 'plain')
    const twins = twinsOf(ROOT, directory)
    const present = new Set(readdirSync(plain).filter((name) => name.endsWith('.ts') && !BY_HAND.has(name)))
    for (const [name, text] of twins) {
      const before = present.has(name) ? readFileSync(join(plain, name), 'utf8') : ''
      if (before === text) continue
      stale++
      if (check) process.stderr.write(`${directory}/src/plain/${name} is not what src/steps/${name} gives\n`)
      else writeFileSync(join(plain, name), text)
    }
    for (const name of present) {
      if (twins.has(name)) continue
      stale++
      if (check) process.stderr.write(`${directory}/src/plain/${name} has no source in src/steps\n`)
      else rmSync(join(plain, name))
    }
  }
  if (check && stale > 0) {
    process.stderr.write('run: pnpm straighten\n')
    process.exitCode = 1
  } else if (!check) process.stdout.write(`${stale} twin${stale === 1 ? '' : 's'} written\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.includes('--check'))
