import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as pgprot from '@mm-model/pgprot'
import * as arm64 from '@mm-model/pgprot/arm64'
import * as riscv64 from '@mm-model/pgprot/riscv64'
import * as x86 from '@mm-model/pgprot/x86-64'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

// The build checks the types of these snippets; here they run, and say what their comments say.

const modules: Readonly<Record<string, object>> = {
  '@mm-model/pgprot': pgprot,
  '@mm-model/pgprot/x86-64': x86,
  '@mm-model/pgprot/arm64': arm64,
  '@mm-model/pgprot/riscv64': riscv64,
}

const guide = 'guide/reading-an-entry.md'
const text = readFileSync(join(import.meta.dirname, '..', guide), 'utf8')
const snippets = [...text.matchAll(/^```ts twoslash\n([\s\S]*?)^```$/gm)].map((match) => ({
  line: text.slice(0, match.index).split('\n').length,
  code: match[1] ?? '',
}))

test('every snippet of the guide is checked', () => {
  expect(snippets.length).toBeGreaterThan(0)
  expect(text.match(/^```ts\b/gm)).toHaveLength(snippets.length)
})

describe(guide, () => {
  test.each(snippets)('line $line', ({ code }) => {
    // `expression // → value` becomes a comparison.
    const compared = code.replace(/^(.+?) \/\/ → (.+)$/gm, '__compare(() => ($1), $2, "$1")')
    const comparisons = code.match(/\/\/ →/g)?.length ?? 0
    expect(comparisons).toBeGreaterThan(0)
    const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
    const { outputText } = ts.transpileModule(compared.replaceAll('"', '`'), { compilerOptions: options })
    let count = 0
    const compare = (actual: () => unknown, wanted: unknown, what: string): void => {
      count++
      expect(actual(), what).toEqual(wanted)
    }
    new Function('require', 'exports', '__compare', outputText)((name: string) => modules[name], {}, compare)
    expect(count).toBe(comparisons)
  })
})
