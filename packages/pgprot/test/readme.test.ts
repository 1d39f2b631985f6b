import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as arm64 from '../src/arm64/index.ts'
import * as root from '../src/index.ts'
import * as x86 from '../src/x86-64/index.ts'

const README = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

/** The code blocks of the README, with their language. */
const blocks = [...README.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text: text!,
}))

test('the example runs, and prints what the README says', () => {
  const [example, printed] = blocks
  expect(example!.language).toBe('js')
  const modules: Readonly<Record<string, object>> = {
    '@mm-model/pgprot': root,
    '@mm-model/pgprot/x86-64': x86,
  }
  const code = example!.text.replaceAll(/import (\{[^}]*\}) from '([^']*)'/g, "const $1 = modules['$2']")
  const lines: string[] = []
  const console = { log: (...words: unknown[]) => lines.push(words.join(' ')) }
  new Function('modules', 'console', code)(modules, console)
  expect(`${lines.join('\n')}\n`).toBe(printed!.text)
})

test('every name in the tables is exported', () => {
  const names = new Set([root, x86, arm64, root.x86Arch].flatMap((module: object) => Object.keys(module)))
  const tables = README.split('\n').filter((line) => line.startsWith('| ') && !line.includes('@mm-model/'))
  const mentioned = tables.flatMap((line) =>
    [...line.matchAll(/`((?:pte|pmd|pud|pfn|swp|pgprot|protection|vm|is|mk)[A-Z]\w*)[`(]/g)].map(
      ([, name]) => name!,
    ),
  )
  expect(mentioned.length).toBeGreaterThan(60)
  expect(mentioned.filter((name) => !names.has(name))).toEqual([])
})
