import type { Page } from 'playwright-core'

/**
 * Texts of a page, in open shadow roots too, whose contrast with what is behind them is below WCAG AA: 4.5, or 3 for
 * large letters. Where something but plain colours is behind, the text is left out.
 */
export function contrastFailures(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    if (!canvas) throw new Error('no canvas')
    type Colour = readonly [red: number, green: number, blue: number, alpha: number]

    /** Any CSS colour as four numbers, by drawing it. */
    function parse(colour: string): Colour {
      canvas!.clearRect(0, 0, 1, 1)
      canvas!.fillStyle = colour
      canvas!.fillRect(0, 0, 1, 1)
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas!.getImageData(0, 0, 1, 1).data
      return [red, green, blue, alpha / 255]
    }
    function over([r, g, b, a]: Colour, [r2, g2, b2]: Colour): Colour {
      return [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1]
    }
    function luminance([r, g, b]: Colour): number {
      const [x = 0, y = 0, z = 0] = [r, g, b]
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      return 0.2126 * x + 0.7152 * y + 0.0722 * z
    }
    function parentOf(element: Element): Element | null {
      const root = element.getRootNode()
      return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null)
    }
    /** What is behind an element, or `null` if that is no plain colour. */
    function behind(element: Element | null): Colour | null {
      if (!element) return [255, 255, 255, 1]
      const { backgroundColor, backgroundImage } = getComputedStyle(element)
      if (backgroundImage !== 'none' && element.tagName !== 'SELECT') return null
      const colour = parse(backgroundColor)
      if (colour[3] === 1) return colour
      const below = behind(parentOf(element))
      return below && over(colour, below)
    }

    const failures: string[] = []
    function check(root: Document | ShadowRoot): void {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) check(element.shadowRoot)
        const text = [...element.childNodes]
          .filter((node) => node.nodeType === Node.TEXT_NODE)
          .map((node) => node.textContent?.trim())
          .join('')
        if (text === '' || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
          continue
        const style = getComputedStyle(element)
        const box = element.getBoundingClientRect()
        if (style.clipPath !== 'none' || box.width <= 1 || box.height <= 1) continue
        const ground = behind(element)
        if (!ground) continue
        const letters = over(parse(style.color), ground)
        const [light = 0, dark = 0] = [luminance(letters), luminance(ground)].sort((a, b) => b - a)
        const ratio = (light + 0.05) / (dark + 0.05)
        const size = Number.parseFloat(style.fontSize)
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
        if (ratio < (large ? 3 : 4.5))
          failures.push(
            `${ratio.toFixed(2)} for “${text.slice(0, 40)}” in ${element.tagName.toLowerCase()}.${element.className}`,
          )
      }
    }
    check(document)
    return [...new Set(failures)]
  })
}
