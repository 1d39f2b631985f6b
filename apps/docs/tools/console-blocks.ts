import type { MarkdownRenderer } from 'vitepress'
import { mmModel } from './command-line.ts'

/**
 * Fences marked `console run` hold commands; their output is added while the site is built, so it is what the command
 * line of this version prints. `console run fails` is for commands that end in an error.
 */
export function runCommands(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info = '', content = '' } = tokens[index] ?? {}
    const [lang, run, fails] = info.trim().split(/\s+/)
    if (lang !== 'console' || run !== 'run') return fence?.(tokens, index, ...rest) ?? ''
    const html = md.utils.escapeHtml
    const parts = content
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `<strong>${html(line)}</strong>\n${html(output(line, fails === 'fails'))}`)
    // Marked up as VitePress does it. A transcript is read, not copied.
    return `<div class="language-console"><pre v-pre tabindex="0"><code>${parts.join('\n\n')}</code></pre></div>`
  }
}

function output(line: string, fails: boolean): string {
  const [, args] = /^\$ mm-model (.+)$/.exec(line) ?? []
  if (args === undefined) throw new Error(`a command of the guide must be "$ mm-model …", found "${line}"`)
  const { status, stdout, stderr } = mmModel(args.split(' '))
  if ((status === 0) === fails) throw new Error(`"${line}" ended in ${status}:\n${stdout}${stderr}`)
  return `${stdout}${stderr}`.trimEnd()
}
