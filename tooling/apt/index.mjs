/** Installs Debian packages that a tool or a test needs. Each command is told before it runs; nothing asks a question. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Why nothing was installed, in the parts that every message of this repository is made of. */
export class AptError extends Error {
  name = 'AptError'
  constructor(code, found, expected, remedy) {
    super(`apt: found ${found}, expected ${expected}; ${remedy}`)
    Object.assign(this, { code, found, expected, remedy })
  }
}

/** Where a program is on the PATH, or in some more folders, or null. */
export function findProgram(name, more = []) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...more]) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return null
}

/** Package lists may be too old, or may never have been fetched. */
export function updateLists(options) {
  apt(['update'], 'run `apt-get update` as root', options)
}

/** Fetches new lists and installs the packages, without those that they only recommend. */
export function installPackages(names, options) {
  const remedy = `run \`apt-get install ${names.join(' ')}\` as root`
  apt(['update'], remedy, options)
  apt(['install', '-y', '--no-install-recommends', ...names], remedy, options)
}

function apt(goal, remedy, { tell, quiet = false, seconds = 0 }) {
  const program = findProgram('apt-get')
  if (program === null)
    throw new AptError(
      'APT_MISSING',
      'no apt-get',
      'Debian, or a system made of it',
      'install it by other means',
    )
  const [command, ...args] = [...rootPrefix(remedy), program, ...goal]
  tell(`$ ${[command, ...args].join(' ')}`)
  const { status, signal, stderr, error } = spawnSync(command, args, {
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    timeout: seconds * 1000,
    maxBuffer: 2 ** 28,
    // Standard output is that of the tool.
    stdio: quiet ? 'pipe' : ['ignore', process.stderr, 'inherit'],
  })
  if (status === 0) return
  const end = error?.message ?? (signal === null ? `exit status ${status}` : `its end by ${signal}`)
  const said = (stderr ?? '').trimEnd().split('\n').at(-1)
  throw new AptError(
    'APT_FAILED',
    said === '' ? end : `${end} (${said})`,
    `apt-get ${goal[0]} to work`,
    remedy,
  )
}

function rootPrefix(remedy) {
  if (process.getuid?.() === 0) return []
  const sudo = findProgram('sudo')
  if (sudo !== null) return [sudo, '-n']
  throw new AptError('APT_NO_RIGHTS', 'neither root’s rights nor sudo', 'one of them', remedy)
}
