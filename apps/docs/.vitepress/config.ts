import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { transformerTwoslash } from '@shikijs/twoslash'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { runCommands } from '../tools/console-blocks.ts'

const api = resolve(import.meta.dirname, '../api')

/** What typedoc wrote: the build runs it first. */
function apiSidebar(): DefaultTheme.SidebarItem[] {
  const modules = readdirSync(join(api, 'pgprot')).map((file) => file.replace(/\.md$/, ''))
  const order = ['x86-64', 'arm64', 'riscv64']
  modules.sort((a, b) => order.indexOf(a) - order.indexOf(b))
  return [
    {
      text: 'API reference',
      link: '/api/',
      items: [
        { text: 'pgprot', link: '/api/pgprot' },
        ...modules.map((name) => ({ text: `pgprot/${name}`, link: `/api/pgprot/${name}` })),
      ],
    },
  ]
}

export default defineConfig({
  lang: 'en',
  title: 'mm-model',
  description:
    'A model of the Linux page-fault path for file-backed writes, held bit for bit to recordings of real kernels.',
  srcExclude: ['README.md', 'tools/**', 'demos/**'],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }]],
  themeConfig: {
    logo: { src: '/icon.svg', alt: '' },
    search: {
      provider: 'local',
      // Signatures and snippets are looked at, not searched for; their highlighting would be half of the build.
      options: {
        _render: (source, env, md) => {
          const html = md.render(source.replace(/^```[\s\S]*?^```$/gm, ''), env)
          return env.frontmatter?.search === false ? '' : html
        },
      },
    },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Guide', link: '/guide/reading-an-entry', activeMatch: '^/guide/' },
      { text: 'Decoder', link: '/decoder' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: {
      '/guide/': [
        {
          text: 'Guide',
          items: [
            { text: 'Reading a page-table entry', link: '/guide/reading-an-entry' },
            { text: 'The command line', link: '/guide/command-line' },
            { text: 'Every interleaving', link: '/guide/interleavings' },
          ],
        },
        { text: 'Tools', items: [{ text: 'Entry decoder', link: '/decoder' }] },
      ],
      '/api/': apiSidebar(),
    },
    footer: { message: 'MIT licence. This site loads nothing from elsewhere.' },
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    codeTransformers: [
      // Fences marked `ts twoslash` are type-checked against the built packages, and a wrong type ends the build. What
      // they show is the plain code.
      transformerTwoslash({
        explicitTrigger: true,
        renderer: { nodeStaticInfo: (_info, node) => node },
        twoslashOptions: {
          compilerOptions: {
            strict: true,
            lib: ['lib.es2023.d.ts'],
            types: [],
            moduleResolution: 100,
            module: 99,
          },
        },
      }),
    ],
    config: (md) => runCommands(md),
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('mm-') } } },
})
