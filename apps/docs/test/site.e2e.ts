import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { site as folder } from '../tools/serve.mjs'
import { contrastFailures } from './contrast.ts'
import { browserPath, useSite } from './site.ts'

/** Every page of the built site, as its path. */
const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.html') && path !== '404.html')
  .map((path) => `/${path.replaceAll('\\', '/')}`)
  .sort()

function htmlOf(path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

/** The values of an attribute in a page. */
function attributes(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<[^>]*?\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  )
}

/** The path of the page that a path of a link leads to, or `null`. */
function pageFor(pathname: string): string | null {
  const tries = [pathname, `${pathname}.html`, `${pathname.replace(/\/$/, '')}/index.html`]
  return tries.find((path) => pages.includes(path)) ?? null
}

function bytesOf(files: readonly Uint8Array[]): number {
  return files.reduce((sum, file) => sum + file.length, 0)
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`.padStart(7)
}

describe('the built site', () => {
  test('has the pages that it should', () => {
    expect(pages).toEqual([
      '/api/index.html',
      '/api/pgprot.html',
      '/api/pgprot/arm64.html',
      '/api/pgprot/riscv64.html',
      '/api/pgprot/x86-64.html',
      '/decoder.html',
      '/guide/command-line.html',
      '/guide/interleavings.html',
      '/guide/reading-an-entry.html',
      '/index.html',
    ])
  })

  test('every internal link leads to a page, and to an anchor on it', () => {
    const ids = new Map(pages.map((path) => [path, new Set(attributes(htmlOf(path), 'id'))]))
    const broken: string[] = []
    let anchors = 0
    for (const path of pages) {
      for (const href of attributes(htmlOf(path), 'href')) {
        const { origin, pathname, hash } = new URL(href, `http://site${path}`)
        if (origin !== 'http://site' || /\.(?:js|css|svg)$/.test(pathname)) continue
        const target = pageFor(pathname)
        const anchor = decodeURIComponent(hash.slice(1))
        if (anchor !== '') anchors++
        // Links to a state of the decoder are tried in the browser.
        if (target === null || (anchor !== '' && !anchor.includes('text=') && !ids.get(target)?.has(anchor)))
          broken.push(`${path}: ${href}`)
      }
    }
    expect(broken).toEqual([])
    expect(anchors).toBeGreaterThan(500)
  })

  test('no identifier is on a page twice', () => {
    for (const path of pages) {
      const ids = attributes(htmlOf(path), 'id')
      expect(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        path,
      ).toEqual([])
    }
  })

  test('every page has a title of its own, a description and one first heading', () => {
    const titles = pages.map((path) => /<title>([^<]*)<\/title>/.exec(htmlOf(path))?.[1])
    expect(new Set(titles).size).toBe(pages.length)
    for (const path of pages) {
      expect(htmlOf(path).match(/<h1[\s>]/g), path).toHaveLength(1)
      expect(htmlOf(path), path).toMatch(/<meta name="description" content="[^"]{20,}"/)
    }
  })

  test('names nothing outside itself to load', () => {
    for (const path of pages) {
      const html = htmlOf(path)
      const loaded = [
        ...attributes(html, 'src'),
        ...[...html.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href = '']) => href),
      ]
      expect(
        loaded.filter((url) => !url.startsWith('/')),
        path,
      ).toEqual([])
    }
    const styles = readdirSync(join(folder, 'assets')).filter((file) => file.endsWith('.css'))
    for (const file of styles)
      expect(htmlOf(`assets/${file}`)).not.toMatch(/url\(["']?(?:https?:)?\/\/|@font-face/)
  })
})

test('there is a browser to test in, where one is required', () => {
  if (process.env.CI_REQUIRE_CHROMIUM === '1') expect(browserPath, 'CI_REQUIRE_CHROMIUM=1').not.toBeNull()
})

describe.skipIf(browserPath === null)('the site in a browser', () => {
  const site = useSite()

  test('every page loads with no error, is legible in light and dark, and fits narrow screens', async () => {
    const weights: string[] = []
    const page = await site.visit('/', { colorScheme: 'light' })
    for (const path of pages) {
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.emulateMedia({ colorScheme: 'light' })
      await site.show(page, path)
      const loaded = await page.evaluate(() => {
        const ahead = [...document.querySelectorAll<HTMLLinkElement>('link[rel=prefetch]')].map(
          ({ href }) => href,
        )
        const names = performance.getEntriesByType('resource').map(({ name }) => name)
        return names.filter((name) => !ahead.includes(name)).map((name) => new URL(name).pathname)
      })
      const files = [...new Set([path, ...loaded])].map((file) => readFileSync(join(folder, file)))
      const [plain, gzipped] = [bytesOf(files), bytesOf(files.map((file) => gzipSync(file)))]
      weights.push(`${kilobytes(plain)} ${kilobytes(gzipped)}  ${path}`)
      expect(gzipped, `bytes of ${path}`).toBeLessThan(160_000)

      // The long lists of functions all look alike.
      if (!path.startsWith('/api/pgprot')) {
        expect(await contrastFailures(page), `${path}, light`).toEqual([])
        await page.emulateMedia({ colorScheme: 'dark' })
        await page.locator('html.dark').waitFor()
        expect(await contrastFailures(page), `${path}, dark`).toEqual([])
      }
      await page.setViewportSize({ width: 390, height: 800 })
      const { scrollWidth, clientWidth } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
        clientWidth: document.documentElement.clientWidth,
      }))
      expect(scrollWidth, path).toBe(clientWidth)
    }
    console.log(['Page weights with scripts and styles, as they are and gzipped:', ...weights].join('\n'))
  })

  test('links into the decoder show an entry, and one of them a refusal', async () => {
    const links = attributes(htmlOf('/guide/reading-an-entry.html'), 'href').filter((href) =>
      href.includes('#arch='),
    )
    expect(links.length).toBeGreaterThan(3)
    const page = await site.visit('/guide/reading-an-entry.html')
    const said: string[] = []
    for (const link of links) {
      await page.locator(`a[href="${link}"]`).click()
      await page.waitForURL(`**${link}`)
      said.push(
        (await page.locator('mm-entry-decoder[sync] :is(.sentence, .refusal .title)').textContent()) ?? '',
      )
      await page.goBack()
      await page.waitForURL('**/reading-an-entry.html')
      await page.locator('mm-entry-decoder[page] .ruler').waitFor()
    }
    expect(said).toEqual([
      'Points to the pud table in frame 0x12345.',
      expect.stringContaining('writable, not executable, accessed, clean; '),
      expect.stringContaining('Keeps 4 KiB at frame 0x123456'),
      'This is not a pte entry of arm64-4k',
    ])
  })

  test('the search finds functions by name', async () => {
    const page = await site.visit('/')
    await page.keyboard.press('Control+k')
    await page.locator('.VPLocalSearchBox input').fill('pteMkdirty')
    const first = page.locator('.VPLocalSearchBox .result').first()
    await first.waitFor()
    expect(await first.textContent()).toContain('pteMkdirty')
    await first.click()
    await page.waitForURL('**/api/pgprot/**#ptemkdirty')
  })

  test('the keyboard reaches the content and the menus', async () => {
    const page = await site.visit('/')
    const names: string[] = []
    for (let count = 0; count < 12; count++) {
      await page.keyboard.press('Tab')
      names.push(
        await page.evaluate(() => {
          const active = document.activeElement
          return (
            active?.getAttribute('aria-label') ??
            active?.getAttribute('title') ??
            active?.textContent ??
            ''
          )
            .trim()
            .replace(/\s+/g, ' ')
        }),
      )
    }
    expect(names).toEqual(
      expect.arrayContaining(['Skip to content', 'Guide', 'Decoder', 'API', 'Decode an entry']),
    )
    for (const name of names) expect(name).not.toBe('')
  })

  test('without scripts the text is there, and the decoder says what it needs', async () => {
    const browserless = { javaScriptEnabled: false }
    const home = await site.visit('/', browserless)
    expect(await home.locator('h2').allTextContents()).toHaveLength(4)
    const decoder = await site.visit('/decoder.html', browserless)
    expect(await decoder.locator('noscript').textContent()).toContain('mm-model pte')
  })

  test('an address that is not there says so', async () => {
    const page = await site.visit('/')
    const answer = await page.request.get(`${site.url}/nowhere`)
    expect(answer.status()).toBe(404)
    expect(await answer.text()).toContain('404')
  })
})
