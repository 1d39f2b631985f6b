import { existsSync } from 'node:fs'
import { AptError, installPackages } from '@mm-model/apt'
import { SLOW } from '@mm-model/vitest-config'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser is, or `null`. */
    chromium: string | null
  }
}

const PLACES: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
const APT = '/usr/bin/apt-get'

/** Vitest's global set-up: finds Chromium, or installs it where that needs no question, or says what is skipped. */
export default function provideChromium({ provide }: TestProject): void {
  // Only the slow tests drive one.
  if (!SLOW) return
  const { CHROMIUM_PATH } = process.env
  // Whoever names one means that one.
  const path = CHROMIUM_PATH ? given(CHROMIUM_PATH) : (find() ?? install())
  provide('chromium', path)
  if (path === null) warn()
}

function given(path: string): string | null {
  if (existsSync(path)) return path
  console.warn(`docs: CHROMIUM_PATH is ${path}, which is not there`)
  return null
}

function find(): string | null {
  return PLACES.find((place) => existsSync(place)) ?? null
}

/** Debian's package, when this is root on a machine that has apt: a container or a CI runner. */
function install(): string | null {
  if (process.getuid?.() !== 0 || !existsSync(APT)) return null
  console.log('docs: no Chromium found, installing it with apt-get …')
  try {
    // Without a font, text has no width and the tests of the layout mean nothing.
    const packages = ['chromium', 'fonts-dejavu-core']
    installPackages(packages, { tell: console.log, quiet: true, seconds: 300 })
  } catch (error) {
    if (!(error instanceof AptError)) throw error
    console.log(`docs: ${error.message}`)
  }
  return find()
}

function warn(): void {
  const lines = [
    'NOT TESTED: the documentation site and its demos, in a browser.',
    'No Chromium was found, and it cannot be installed from here.',
    'Install it (apt-get install chromium) or set CHROMIUM_PATH; CI_REQUIRE_CHROMIUM=1 makes this a failure.',
  ]
  const width = Math.max(...lines.map((line) => line.length))
  const bar = '!'.repeat(width + 8)
  console.warn(`\n${bar}\n${lines.map((line) => `!!  ${line.padEnd(width)}  !!`).join('\n')}\n${bar}\n`)
}
