// What typedoc and its Markdown plugin have no option for.
import { Converter, ReflectionKind } from 'typedoc'
import { MarkdownPageEvent } from 'typedoc-plugin-markdown'

/** @param {import('typedoc-plugin-markdown').MarkdownApplication} app */
export function load(app) {
  // Modules go by what users import, `pgprot/x86-64`, not by the path of the source.
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return
    const path = reflection.name.replace(/(^|\/)index$/, '')
    reflection.name = path === '' ? 'pgprot' : `pgprot/${path}`
  })
  app.converter.on(Converter.EVENT_CREATE_PARAMETER, (_context, reflection) => {
    if (reflection.name === '__namedParameters') reflection.name = 'options'
  })
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = tidy(page.contents ?? '')
  })
}

/**
 * The signature tells parameters and results with their types; sections that only say so again are left out. Anchors
 * move into the headings that they stand before, so that an identifier is on a page once.
 * @param {string} markdown
 */
export function tidy(markdown) {
  return markdown
    .replace(/^#{4,6} Parameters\n\n\| Parameter \| Type \|\n(?:\|.*\n)+\n?/gm, '')
    .replace(/^#{4,6} Returns\n\n[^\n]+\n(?:\n(?=\*\*\*|#|<a|$)|$(?![\s\S]))/gm, '')
    .replace(/^## Modules\n\n(?:- .*\n)+/gm, '')
    .replace(/^<a id="([^"]+)"><\/a>\n\n(#+ .+)$/gm, '$2 {#$1}')
}
