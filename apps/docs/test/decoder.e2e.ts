import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { contrastFailures } from './contrast.ts'
import { browserPath, useSite } from './site.ts'

/**
 * What the decoder shows, a line an element: its attributes, but for where the focus would go, its text and what was
 * typed into it.
 */
function shown(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...(document.querySelector('mm-entry-decoder')?.shadowRoot?.querySelectorAll('*') ?? [])].map(
      (element) => {
        const attributes = [...element.attributes]
          .filter(({ name }) => name !== 'tabindex')
          .map(({ name, value }) => `${name}=${value}`)
          .sort()
        const text = [...element.childNodes].map((node) => (node instanceof Text ? node.data : '·')).join('')
        const typed =
          element instanceof HTMLInputElement
            ? element.checked
            : element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement
              ? element.value
              : ''
        return `${element.localName} ${attributes.join(' ')}: ${text} ${typed}`
      },
    ),
  )
}

/** Follows a link to another state of the decoder on the same page. */
async function follow(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    if (location.hash === to) return
    return new Promise((done) => {
      addEventListener('hashchange', done, { once: true })
      location.hash = to
    })
  }, hash)
}

/** How far a page can be scrolled sideways. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

const bit = (page: Page, number: number): Locator => page.locator(`.cell[data-bit="${number}"]`)
const entries = (page: Page): Locator => page.getByLabel('Entries', { exact: true })
const options = (page: Page): Locator => page.locator('.list [role=option]')
const hashOf = (page: Page): string => new URL(page.url()).hash

describe.skipIf(browserPath === null)('the entry decoder', () => {
  const site = useSite()

  /** Values that Linux 6.1 makes, and a part of what they mean. */
  const VALUES: Readonly<
    Record<string, readonly (readonly [level: string, value: string, words: RegExp])[]>
  > = {
    'x86-64': [
      [
        'pte',
        '0x8400000123456225',
        /4 KiB at frame 0x123456 for user space: read-only.*special, device memory \(DAX\)/,
      ],
      ['pte', '0x8400000123456a67', /writable, not executable, accessed, dirty, soft-dirty, special/],
      ['pte', '0x8400000123456a25', /read-only, .*clean, soft-dirty/],
      ['pte', '0x8000000002a1c225', /frame 0x2a1c .*read-only.*special; /],
      ['pte', '0x000ffffedcba9120', /^Keeps 4 KiB at frame 0x123456, and nobody may touch it/],
      ['pte', '0x040ffffedcba9b60', /^Keeps .* frame 0x123456.*dirty, soft-dirty, special, device memory/],
      ['pmd', '0x84000002400008e7', /2 MiB at frame 0x240000 .*writable.*dirty, soft-dirty, device memory/],
      ['pmd', '0x84000002400000a5', /2 MiB at frame 0x240000 .*read-only.*clean/],
      ['pmd', '0x8000000041e000a5', /2 MiB at frame 0x41e00 .*read-only/],
      ['pte', '0xa800000077777867', /frame 0x77777 .*writable.*protection key 5/],
      ['pmd', '0x0000000012345067', /^Points to the pte table in frame 0x12345\.$/],
      ['pte', '0x1fffffffffdb9600', /^Swap type 3, offset 0x1234: /],
      ['pte', '0x1fffffffffdb9608', /^Swap type 3, offset 0x1234 \(exclusive\)/],
      ['pte', '0x07fffffffffffc00', /^Swap type 0, offset 0x1: /],
      ['pte', '0x0', /^Nothing is mapped\.$/],
    ],
    'x86-64-la57': [['p4d', '0x0000000012345067', /^Points to the pud table in frame 0x12345\.$/]],
    'arm64-4k': [
      [
        'pte',
        '0x0360000123456fc3',
        /frame 0x123456 .*read-only, not executable, accessed, clean, special, device/,
      ],
      ['pte', '0x03e8000123456f43', /writable, .*dirty, special, device memory \(DAX\)/],
      ['pte', '0x0068000123456fc3', /writable, not executable, accessed, clean; /],
      ['pte', '0x0068000123456f43', /writable, not executable, accessed, dirty; /],
      ['pte', '0x0160000041e1cfc3', /frame 0x41e1c .*read-only.*special/],
      ['pte', '0x0460000123456f82', /^Keeps 4 KiB at frame 0x123456, and nobody may touch it/],
      ['pmd', '0x02e8000240000f41', /2 MiB at frame 0x240000 .*writable.*dirty, device memory/],
      ['pte', '0x0000000000123418', /^Swap type 3, offset 0x1234: /],
    ],
    'arm64-16k': [['pmd', '0x02e8000240000f41', /32 MiB at frame 0x90000 /]],
    'arm64-64k': [['pte', '0x036012345678afc3', /64 KiB at frame 0xa12345678 /]],
    'riscv64-sv39': [
      [
        'pte',
        '0x0000000048d15853',
        /frame 0x123456 for user space: read-only, not executable, accessed, clean/,
      ],
      ['pte', '0x0000000048d158d7', /writable, not executable, accessed, dirty/],
      ['pte', '0x0000000020307153', /frame 0x80c1c .*read-only.*special/],
      ['pmd', '0x00000000900000d7', /2 MiB at frame 0x240000 /],
      ['pmd', '0x00000000202af001', /^Points to the pte table in frame 0x80abc\.$/],
      ['pte', '0x0000000048d15822', /^Keeps 4 KiB at frame 0x123456, and nobody may touch it/],
      ['pte', '0x000000000091a0c0', /^Swap type 3, offset 0x1234: /],
      ['pte', '0x40000000040000d7', /frame 0x10000 .*; cache IO\.$/],
    ],
    'riscv64-sv48': [['pud', '0x0000000010000001', /^Points to the pmd table in frame 0x40000\.$/]],
    'riscv64-sv57': [['p4d', '0x0000000010000001', /^Points to the pud table in frame 0x40000\.$/]],
  }

  test('says what entries of every architecture mean', async () => {
    const page = await site.visit('/decoder.html')
    for (const [arch, values] of Object.entries(VALUES)) {
      await page.getByLabel('Architecture').selectOption(arch)
      for (const [level, value, words] of values) {
        await page.getByRole('radio', { name: level }).check()
        await entries(page).fill(value)
        expect(await page.locator('.sentence').textContent(), `${arch} ${level} ${value}`).toMatch(words)
        const digits = await page.locator('.cell .bit').allTextContents()
        expect(BigInt(`0b${digits.join('')}`), value).toBe(BigInt(value))
      }
    }
  })

  test('names bits as the kernel does, grouped into fields, and marks those of software', async () => {
    const page = await site.visit('/decoder.html')
    const rows = await page.locator('.fields tbody tr').evaluateAll((all) =>
      all.map((row) =>
        [...row.querySelectorAll('td')]
          .slice(0, 3)
          .map((cell) => cell.textContent)
          .join(' '),
      ),
    )
    expect(rows).toEqual([
      '63 1 _PAGE_NX',
      '62–59 0x0 pkey',
      '58 1 _PAGE_DEVMAP',
      '57–52 0x0 ignored',
      '51–12 0x123456 pfn',
      '11 1 _PAGE_SOFT_DIRTY',
      '10 0 _PAGE_UFFD_WP',
      '9 1 _PAGE_SPECIAL',
      '8 0 _PAGE_GLOBAL',
      '7 0 _PAGE_PAT',
      '6 1 _PAGE_DIRTY',
      '5 1 _PAGE_ACCESSED',
      '4 0 _PAGE_PCD',
      '3 0 _PAGE_PWT',
      '2 1 _PAGE_USER',
      '1 1 _PAGE_RW',
      '0 1 _PAGE_PRESENT',
    ])
    const software = await page
      .locator('.cell[data-role=software]')
      .evaluateAll((all) => all.map((cell) => cell.getAttribute('data-bit')))
    expect(software).toEqual(['58', '11', '10', '9'])
    expect(await bit(page, 1).getAttribute('aria-label')).toBe('bit 1, _PAGE_RW, writable')
    await bit(page, 30).hover()
    expect(await page.locator('.readout').textContent()).toBe('bit 30 pfn clear: frame number')
    expect(await page.locator('.cell[data-hot]').count()).toBe(40)
  })

  test('a bit is flipped with the mouse, and back', async () => {
    const page = await site.visit('/decoder.html')
    await bit(page, 1).click()
    expect(await bit(page, 1).getAttribute('aria-pressed')).toBe('false')
    expect(await page.locator('.hex.was .digits').textContent()).toBe('0x8400000123456a67')
    expect(await page.locator('.hex.now .digits').textContent()).toBe('0x8400000123456a65')
    expect(await page.locator('.hex.now ins').allTextContents()).toEqual(['5'])
    expect(await page.locator('.sentence del').allTextContents()).toEqual(['writable'])
    expect(await page.locator('.sentence ins').allTextContents()).toEqual(['read-only'])
    expect(await page.locator('.cell[data-changed]').count()).toBe(1)
    expect(await page.locator('.fields tr[data-changed] .label').allTextContents()).toEqual(['_PAGE_RW'])
    // The table flips too.
    await page.getByRole('button', { name: 'flip bit 6, _PAGE_DIRTY' }).click()
    expect(await page.locator('.sentence ins').allTextContents()).toEqual(['read-only', 'clean'])
    expect(await entries(page).inputValue()).toBe('pte=0x8400000123456a67')
    await page.getByRole('button', { name: 'Undo flips' }).click()
    expect(await page.locator('.sentence :is(del, ins)').count()).toBe(0)
    expect(await page.locator('.cell[data-changed]').count()).toBe(0)
    expect(await page.locator('.hex').count()).toBe(1)
  })

  test('a bit is flipped with the keyboard, in one tab stop', async () => {
    const page = await site.visit('/decoder.html')
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => {
        const active = document.querySelector('mm-entry-decoder')?.shadowRoot?.activeElement
        return active instanceof HTMLElement ? active.dataset.bit : undefined
      })
    const press = async (keys: string): Promise<string | undefined> => {
      for (const key of keys.split(' ')) await page.keyboard.press(key)
      return focused()
    }
    await page.getByRole('button', { name: 'Copy link' }).focus()
    expect(await press('Tab')).toBe('0')
    expect(await press('ArrowRight')).toBe('0')
    expect(await press('ArrowLeft')).toBe('1')
    expect(await press('ArrowUp')).toBe('33')
    expect(await press('Home')).toBe('63')
    expect(await press('End')).toBe('32')
    expect(await press('ArrowDown')).toBe('0')
    expect(await press('Control+Home')).toBe('63')
    expect(await press('Control+End')).toBe('0')
    expect(await press('ArrowLeft Space')).toBe('1')
    expect(await page.locator('.hex.now .digits').textContent()).toBe('0x8400000123456a65')
    expect(await page.locator('.unseen').textContent()).toMatch(
      /^Bit 1, _PAGE_RW, cleared\. Maps 4 KiB .*read-only/,
    )
    expect(await press('Enter')).toBe('1')
    expect(await page.locator('.hex.now').count()).toBe(0)
    // One stop: back out, and in again where it was left.
    expect(await press('Shift+Tab')).toBeUndefined()
    expect(await press('Tab')).toBe('1')
    expect(await page.locator('.ruler [tabindex="0"]').count()).toBe(1)
    expect(await press('Tab')).toBeUndefined()
  })

  test('every stop of the Tab key has a name and shows that it has the focus', async () => {
    const page = await site.visit('/decoder.html#text=pte=0x67,+pte=0x25&now=1:0x65')
    await page.getByLabel('Architecture').focus()
    const stops: string[] = []
    for (let count = 0; count < 30; count++) {
      const stop = await page.evaluate(() => {
        const active = document.querySelector('mm-entry-decoder')?.shadowRoot?.activeElement
        if (!(active instanceof HTMLElement)) return null
        const label = active.id ? active.getRootNode() : null
        const named =
          active.getAttribute('aria-label') ??
          (label instanceof ShadowRoot
            ? label.querySelector(`label[for=${active.id}]`)?.textContent
            : null) ??
          (active instanceof HTMLInputElement ? active.closest('label')?.textContent : active.textContent)
        const drawn = [active, active.closest('.pill'), active.querySelector('.bit')].some(
          (part) => part && getComputedStyle(part).outlineStyle !== 'none',
        )
        return { name: named?.trim() ?? '', drawn }
      })
      if (stop === null) break
      expect(stop.name).not.toBe('')
      expect(stop.drawn, stop.name).toBe(true)
      stops.push(stop.name)
      await page.keyboard.press('Tab')
    }
    expect(stops.map((name) => name.replace(/\s+/g, ' ').slice(0, 22))).toEqual([
      'Architecture',
      'pte4 KiB',
      'Entries',
      'DAX, written',
      'DAX, read-only',
      'DAX, 2 MiB',
      'PROT_NONE',
      'swap',
      'a line of an oops',
      'pte0x0000000000000065c',
      'Undo flips',
      'Copy link',
      'bit 0, _PAGE_PRESENT, ',
    ])
  })

  test('a link restores exactly what is shown', async () => {
    const page = await site.visit('/decoder.html')
    await page.getByLabel('Architecture').selectOption('arm64-4k')
    await page.getByRole('radio', { name: 'pmd' }).check()
    await entries(page).fill(
      'from a dump:\n  0x02e8000240000f41\npte=0068000123456fc3 # & more, 100% “odd”\n\n0x3',
    )
    await options(page).nth(1).click()
    await bit(page, 7).click()
    await bit(page, 63).click()
    await options(page).nth(0).click()
    await bit(page, 0).click()
    await options(page).nth(1).click()
    await page.mouse.move(0, 0)
    await expect.poll(() => hashOf(page)).toMatch(/^#arch=arm64-4k&level=pmd&text=from\+a\+dump:%0A/)
    await expect.poll(() => hashOf(page)).toMatch(/&at=2&now=1:0x2e8000240000f40,2:0x8068000123456f43$/)
    await page.locator('.unseen').evaluate((live) => live.replaceChildren())
    const before = await shown(page)
    expect(before.join('\n')).toContain('Linux does not use bit 63 in a pte leaf')

    const other = await site.visit(`/decoder.html${hashOf(page)}`)
    expect(await shown(other)).toEqual(before)
    await other.reload()
    await other.locator('mm-entry-decoder .ruler').waitFor()
    expect(await shown(other)).toEqual(before)

    // A link followed from this very page.
    const third = await site.visit('/decoder.html')
    expect(await shown(third)).not.toEqual(before)
    await follow(third, hashOf(page))
    expect(await shown(third)).toEqual(before)
  })

  test('the link is copied, and the address of another page is left alone', async () => {
    const page = await site.visit('/decoder.html', { permissions: ['clipboard-read', 'clipboard-write'] })
    await bit(page, 63).click()
    await page.getByRole('button', { name: 'Copy link' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Copied' }).count()).toBe(1)
    const link = await page.evaluate(() => navigator.clipboard.readText())
    expect(link).toBe(
      `${site.url}/decoder.html#arch=x86-64&level=pte&text=pte=0x8400000123456a67&now=1:0x400000123456a67`,
    )
    await bit(page, 62).click()
    await page.getByRole('link', { name: 'the guide' }).click()
    await page.waitForURL('**/guide/reading-an-entry.html')
    await page.locator('mm-entry-decoder .ruler').waitFor()
    // The decoder of the guide has no address of its own.
    await bit(page, 1).click()
    expect(hashOf(page)).toBe('')
    await page.getByRole('link', { name: 'Open in the decoder' }).click()
    await page.waitForURL('**/decoder.html#**')
    expect(await page.locator('.hex.now .digits').textContent()).toBe('0x8400000123456a65')
    expect(await options(page).count()).toBe(2)
  })

  test('takes a dump, level by level', async () => {
    const page = await site.visit('/decoder.html')
    await page.getByRole('button', { name: 'a line of an oops' }).click()
    const rows = await options(page).evaluateAll((all) =>
      all.map((row) => row.querySelector('.level')?.textContent),
    )
    expect(rows).toEqual(['pgd', 'p4d', 'pud', 'pmd', 'pte'])
    await options(page).nth(0).focus()
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('.note').textContent()).toContain('Linux folds it into the pgd')
    await page.keyboard.press('End')
    expect(await page.locator('.sentence').textContent()).toContain('frame 0x77777')
    expect(await page.getByRole('radio', { name: 'pte' }).isChecked()).toBe(true)
    // The level is corrected where the text says it.
    await page.getByRole('radio', { name: 'pud' }).check()
    expect(await entries(page).inputValue()).toMatch(/ PUD 8000000077777025$/)
  })

  test('takes a whole table from the clipboard', async () => {
    const page = await site.visit('/decoder.html', { permissions: ['clipboard-read', 'clipboard-write'] })
    const value = (slot: number): string => (0x8400000123456a67n + (BigInt(slot) << 12n)).toString(16)
    const lines = Array.from({ length: 512 }, (_, slot) => `${slot}: 0x${value(slot)}`)
    await page.evaluate((text) => navigator.clipboard.writeText(text), lines.join('\n'))
    await entries(page).selectText()
    await page.keyboard.press('Control+v')
    await options(page).nth(511).waitFor()
    expect(await options(page).count()).toBe(512)
    await options(page).nth(0).focus()
    await page.keyboard.press('End')
    expect(await page.locator('.hex .digits').textContent()).toBe('0x8400000123655a67')
    expect(await options(page).nth(511).getAttribute('aria-selected')).toBe('true')
    expect(await page.locator('.list [tabindex="0"]').count()).toBe(1)
  })

  test('bad input is told apart and explained', async () => {
    const page = await site.visit('/decoder.html')
    await entries(page).fill('hello\n0x12345678901234567\n0x67')
    expect(await page.locator('.problems p').allTextContents()).toEqual([
      'Line 1: no entry in “hello”.',
      'Line 2: 0x12345678901234567 has more than 64 bits.',
    ])
    expect(await page.locator('.sentence').textContent()).toMatch(/^Maps 4 KiB at frame 0x0 /)

    await entries(page).fill('')
    expect(await page.locator('.empty').isVisible()).toBe(true)
    expect(await page.locator('.card').isVisible()).toBe(false)

    // A reserved bit, and a way out.
    await page.getByRole('radio', { name: 'pgd' }).check()
    await entries(page).fill('0x84000002400008e7')
    expect(await page.locator('.refusal .title').textContent()).toBe('Bit 7 must be clear in a pgd table')
    expect(await page.locator('.refusal .code').textContent()).toBe('PGPROT_RESERVED_BIT')
    expect(await page.locator('.cell[data-refused]').getAttribute('data-bit')).toBe('7')
    await page.getByRole('button', { name: 'Read it as a pmd' }).click()
    expect(await page.locator('.sentence').textContent()).toMatch(/^Maps 2 MiB at frame 0x240000 /)

    // A value of another level, and one of another architecture.
    await page.getByLabel('Architecture').selectOption('arm64-4k')
    await page.getByRole('radio', { name: 'pte' }).check()
    await entries(page).fill('0x02e8000240000f41')
    expect(await page.locator('.refusal .code').textContent()).toBe('PGPROT_LEVEL')
    expect(await page.locator('.cell').count()).toBe(64)
    await page.getByRole('button', { name: 'Read it as x86-64' }).click()
    expect(await page.getByLabel('Architecture').inputValue()).toBe('x86-64')

    // Flipped into a refusal, and out of it.
    await page.getByLabel('Architecture').selectOption('riscv64-sv39')
    await entries(page).fill('0x48d158d7')
    await bit(page, 1).click()
    expect(await page.locator('.refusal .title').textContent()).toMatch(/^Bit 2 must be clear/)
    expect(await page.locator('.note').textContent()).toMatch(/^Before: Maps 4 KiB at frame 0x123456 /)
    await page.getByRole('button', { name: 'Set bit 1' }).click()
    expect(await page.locator('.refusal').count()).toBe(0)
  })

  const STATES = [
    '#text=pte=0x8400000123456a67',
    '#text=',
    '#text=pte=0x8400000123456a67%0Apte=0x8400000123456225&at=2&now=2:0x8000000123456067',
    '#arch=x86-64&level=pgd&text=hello%0A84000002400008e7%0A0x11112222333344445',
    '#arch=arm64-4k&level=pmd&text=0x0c60000123456f82',
    '#arch=riscv64-sv57&level=pmd&text=0x40000000900000d7',
    '#text=PGD+12345067+P4D+12345067+PUD+12346067+PMD+12347067+PTE+8000000077777025',
  ]

  test.each(['light', 'dark'] as const)('%s: every text has contrast enough', async (colorScheme) => {
    const page = await site.visit('/decoder.html', { colorScheme })
    expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(
      colorScheme === 'dark',
    )
    for (const state of STATES) {
      await follow(page, state)
      expect(await contrastFailures(page), state).toEqual([])
    }
  })

  test('follows the switch of the site between light and dark', async () => {
    const page = await site.visit('/decoder.html', { colorScheme: 'light' })
    const colours = (): Promise<string> =>
      page
        .locator('.cell[data-bit="0"] .bit')
        .evaluate((cell) =>
          [getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor].join(' on '),
        )
    const light = await colours()
    await page.locator('.VPNavBarAppearance button').click()
    await expect.poll(colours).not.toBe(light)
    await page.locator('.VPNavBarAppearance button').click()
    await expect.poll(colours).toBe(light)
  })

  test.each([390, 320])('%i px: nothing is cut off at the side', async (width) => {
    const page = await site.visit('/decoder.html', { viewport: { width, height: 800 }, hasTouch: true })
    for (const state of STATES) {
      await follow(page, state)
      expect(await overflow(page), state).toBe(0)
      // Nor inside: each part is as wide as its contents.
      const cut = await page.evaluate(() =>
        [
          ...(document
            .querySelector('mm-entry-decoder')
            ?.shadowRoot?.querySelectorAll<HTMLElement>(
              '.decoder, .card, .report, .fields, .ruler, .pills',
            ) ?? []),
        ]
          .filter((part) => part.scrollWidth > part.clientWidth + 1)
          .map((part) => part.className),
      )
      expect(cut, state).toEqual([])
    }
    await follow(page, '#text=pte=0x8400000123456a67')
    await bit(page, 1).tap()
    expect(await page.locator('.sentence ins').textContent()).toBe('read-only')
  })
})
