import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

/** The root of the repository, where the paths in examples begin. */
export const root: string = resolve(import.meta.dirname, '../../..')
// Not a dependency: an install would want to link its binary before there is one. turbo.json says that it is built first.
const cli = resolve(root, 'apps/cli/dist/cli.js')

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command line of this version. */
export function mmModel(args: readonly string[]): Run {
  const { FORCE_COLOR: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
    maxBuffer: 2 ** 28,
  })
  return { status, stdout, stderr }
}
