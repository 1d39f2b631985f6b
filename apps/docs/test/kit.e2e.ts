import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as here from './kit-page.ts'
import { browserPath } from './site.ts'

/*
 * The conformance kit in a browser, as a plugin's own page would run it: the same outcomes there as here, byte for byte.
 */

/** In the page. */
declare const kit: typeof here

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, 'kit-page.ts'), formats: ['iife'], name: 'kit' },
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (output === undefined || !('output' in output)) throw new Error('expected a bundle')
  return output.output[0].code
}

/** A row of every machine: stores to written pages of a shared area. */
function isWanted({ area, prot, block, size, access }: here.Combination): boolean {
  return area === 'shared' && prot === 'rw' && block === 'written' && size === '4k' && access !== 'load'
}

describe.skipIf(browserPath === null)('the conformance kit in a browser', () => {
  let browser: Browser | undefined
  let code = ''
  beforeAll(async () => {
    code = await bundle()
    browser = await chromium.launch({
      executablePath: browserPath ?? '',
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 60_000)
  afterAll(() => browser?.close())

  it('comes to the same outcomes as in Node', async () => {
    const page = await browser!.newPage()
    await page.addScriptTag({ content: code })
    const there = await page.evaluate((wanted) => {
      const isWanted = new Function(`return ${wanted}`)() as (c: here.Combination) => boolean
      const some = kit.combinations().filter(isWanted)
      return JSON.stringify(kit.outcomes(kit.mkwrite, some, undefined, new kit.References()))
    }, isWanted.toString())
    const { combinations, mkwrite, outcomes, References } = here
    const some = combinations().filter(isWanted)
    expect(some.length).toBeGreaterThan(40)
    expect(there).toBe(JSON.stringify(outcomes(mkwrite, some, undefined, new References())))
  })

  it('takes any function that registers tests, and fails for a wrong strategy', async () => {
    const page = await browser!.newPage()
    await page.addScriptTag({ content: code })
    const told = await page.evaluate((wanted) => {
      const only = new Function(`return ${wanted}`)() as (c: here.Combination) => boolean
      const { strategy } = kit.wrongStrategies().find((wrong) => wrong.catches === 'contract')!
      return [kit.mkwrite, strategy].map((each) => {
        const failed: string[] = []
        const test = (name: string, run: () => void): void => {
          try {
            run()
          } catch (error) {
            failed.push(`${name}\n${(error as Error).name}`)
          }
        }
        kit.conform({ test, strategy: each, only })
        return failed
      })
    }, isWanted.toString())
    expect(told[0]).toEqual([])
    expect(told[1]!.join('\n')).toMatch(/hooks answer[\s\S]*ConformanceError/)
  })
})
