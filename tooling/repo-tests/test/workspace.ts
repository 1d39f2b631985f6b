import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

export const root: string = resolve(import.meta.dirname, '../../..')

export interface Manifest {
  name: string
  version: string
  description?: string
  private?: boolean
  license?: string
  type?: string
  sideEffects?: boolean
  packageManager?: string
  engines?: Record<string, string>
  files?: string[]
  bin?: Record<string, string>
  scripts?: Record<string, string>
  publishConfig?: Record<string, string>
  exports?: Record<string, unknown>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export interface Package {
  /** Relative to the root, with forward slashes. */
  dir: string
  manifest: Manifest
}

export interface Workspace {
  packages: string[]
  catalog: Record<string, string>
}

export function readManifest(dir: string): Manifest {
  return JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8'))
}

export function readWorkspace(): Workspace {
  return parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))
}

/** Every package that pnpm-workspace.yaml names, in the order of their folders. */
export function readPackages(): Package[] {
  const globs = readWorkspace().packages
  const found: Package[] = []
  for (const glob of globs) {
    // A folder that is one package itself.
    if (/^[\w-]+$/.test(glob)) {
      found.push({ dir: glob, manifest: readManifest(glob) })
      continue
    }
    if (!/^[\w/-]+\/\*$/.test(glob)) throw new Error(`pnpm-workspace.yaml: cannot read the pattern '${glob}'`)
    const parent = glob.slice(0, -2)
    for (const entry of readdirSync(join(root, parent), { withFileTypes: true })) {
      const dir = `${parent}/${entry.name}`
      if (!entry.isDirectory()) continue
      // `packages/strategies` is a folder of packages, not one itself.
      if (!readdirSync(join(root, dir)).includes('package.json')) continue
      found.push({ dir, manifest: readManifest(dir) })
    }
  }
  return found.sort((a, b) => (a.dir < b.dir ? -1 : 1))
}

export function readLibraries(): Package[] {
  return readPackages().filter(({ dir }) => dir.startsWith('packages/'))
}
