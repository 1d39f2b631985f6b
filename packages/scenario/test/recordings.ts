// The recorded kernels, for the tests.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../fixtures/kernel-observations', import.meta.url))

export const FOLDERS = [
  'linux-6.1-ext4',
  'linux-6.1-ext4-deferred-mtime',
  'linux-6.1-ext4-fallthrough',
  'linux-6.1-ext4-insert-writable',
  'linux-6.1-ext4-readonly-hint',
  'linux-6.1-ext4-retry',
  'linux-6.1-xfs',
  'linux-6.12-ext4',
] as const

export type Folder = (typeof FOLDERS)[number]

/** The names of all recorded scenarios, sorted. */
export function recordingNames(folder: Folder): readonly string[] {
  return withEnding(folder, '.json')
}

export function recordingText(folder: Folder, name: string): string {
  return readFileSync(`${ROOT}/${folder}/${name}.json`, 'utf8')
}

/** Every scenario source in the fixtures, by name. */
export function scenarioSources(): ReadonlyMap<string, string> {
  const read = (name: string): string => readFileSync(`${ROOT}/scenarios/${name}.scn`, 'utf8')
  return new Map(withEnding('scenarios', '.scn').map((name) => [name, read(name)]))
}

function withEnding(folder: string, ending: string): readonly string[] {
  const files = readdirSync(`${ROOT}/${folder}`).filter((file) => file.endsWith(ending))
  return files.map((file) => file.slice(0, -ending.length)).toSorted()
}
