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
  /** Opens another page in the same profile, loaded afresh. */
  show(page: Page, path: string): Promise<void>
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
          problems.push(`${page.url()}: console: ${message.text()}`)
      })
      page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`))
      page.on('request', (request) => {
        const to = request.url()
        if (!to.startsWith(`${url}/`) && !to.startsWith('data:'))
          problems.push(`${page.url()}: asked for ${to}`)
      })
      page.on('response', (response) => {
        if (response.status() >= 400)
          problems.push(`${page.url()}: ${response.status()} for ${response.url()}`)
      })
      if (options.javaScriptEnabled === false) await page.goto(url + path)
      else await this.show(page, path)
      return page
    },
    async show(page, path) {
      await page.goto(this.url + path)
      // Vue has taken over and every demo has started: the page is what a reader uses.
      await page.waitForFunction(() => {
        const app = document.querySelector('#app')
        return app && '__vue_app__' in app && !document.querySelector(':not(:defined)')
      })
    },
  }
}
