import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { serve, site } from '../tools/serve.mjs'

/** Where Chromium is, or `null`: then the tests that need it are skipped. */
export const browserPath: string | null = inject('chromium')

const ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // No name resolves: the site must do without a network.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

export interface Site {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Opens a page of the site in a fresh profile. */
  visit(path: string, options?: BrowserContextOptions): Promise<Page>
}

/**
 * Serves the built site and starts a browser for the tests of a file. After each test its pages are closed, and the
 * test fails if any of them logged an error, threw, got no answer or asked for anything off the site.
 */
export function useSite(): Site {
  let served: Awaited<ReturnType<typeof serve>> | undefined
  let browser: Browser | undefined
  let problems: string[] = []

  beforeAll(async () => {
    if (!existsSync(site)) throw new Error('the site is not built: `npm run build` first')
    served = await serve()
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: [...ARGS] })
  }, 60_000)

  afterEach(async () => {
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? [])
    const found = problems
    problems = []
    expect(found).toEqual([])
  })

  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  return {
    get url() {
      if (!served) throw new Error('the site is served while tests run')
      return served.url
    },
    async visit(path, options = {}) {
      if (!browser) throw new Error('the browser is there while tests run')
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
      context.setDefaultTimeout(10_000)
      const page = await context.newPage()
      const { url } = this
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()))
          problems.push(`${path}: console: ${message.text()}`)
      })
      page.on('pageerror', (error) => problems.push(`${path}: ${error.stack ?? error.message}`))
      page.on('request', (request) => {
        const to = request.url()
        if (!to.startsWith(`${url}/`) && !to.startsWith('data:')) problems.push(`${path}: asked for ${to}`)
      })
      page.on('response', (response) => {
        if (response.status() >= 400) problems.push(`${path}: ${response.status()} for ${response.url()}`)
      })
      await page.goto(url + path)
      // Hydrated, and every demo started: the page is what a reader would use.
      await page.waitForFunction(
        () => !document.querySelector(':not(:defined)') && document.querySelector('#app')?.hasChildNodes(),
      )
      return page
    },
  }
}
