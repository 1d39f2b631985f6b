import { describe, expect, test } from 'vitest'
import { readManifest, readPackages, readWorkspace } from './workspace.ts'

const { catalog } = readWorkspace()
const rootManifest = readManifest('.')
const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/

describe('pins', () => {
  test('every pin of the root is one exact version', () => {
    for (const [name, version] of Object.entries(rootManifest.devDependencies ?? {})) {
      expect(version, name).toMatch(exact)
    }
  })

  test('every entry of the catalog is one exact version', () => {
    for (const [name, version] of Object.entries(catalog)) expect(version, name).toMatch(exact)
  })

  test('the root and the catalog agree on what both name', () => {
    const both = Object.entries(rootManifest.devDependencies ?? {}).filter(([name]) => name in catalog)
    expect(both.length).toBeGreaterThan(0)
    expect(Object.fromEntries(both)).toEqual(Object.fromEntries(both.map(([name]) => [name, catalog[name]])))
  })

  test('the package manager is the pnpm that the root installs', () => {
    expect(rootManifest.packageManager).toBe(`pnpm@${rootManifest.devDependencies?.pnpm}`)
  })

  test('the root names no protocol that npm does not know', () => {
    for (const version of Object.values(rootManifest.devDependencies ?? {}))
      expect(version).not.toContain(':')
  })

  test.each(readPackages().map(({ dir, manifest }) => [dir, manifest] as const))(
    '%s takes every dependency from the workspace or the catalog',
    (_dir, { dependencies, devDependencies, peerDependencies }) => {
      for (const [name, version] of Object.entries({
        ...dependencies,
        ...devDependencies,
        ...peerDependencies,
      })) {
        expect(version, name).toMatch(/^(workspace:[*^]|catalog:)$/)
      }
    },
  )
})
