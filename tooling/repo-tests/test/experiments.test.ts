import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './workspace.ts'

const folder = join(root, 'experiments')
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
  .map((entry) => entry.name)

function read(...path: string[]): string {
  return readFileSync(join(root, ...path), 'utf8')
}

function commandsOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('$ '))
}

interface Page {
  readonly question: string
  /** What its `console` block holds. */
  readonly result: string
  /** The paragraphs after it. */
  readonly answer: readonly string[]
}

function pageOf(readme: string): Page {
  const parts = /^# .+\n\n([^#`][\s\S]*?)\n\n```console\n([\s\S]*?)\n```\n\n([\s\S]*)\n$/.exec(readme)
  if (parts === null) throw new Error('not a title, a question, a result and an answer')
  const [, question = '', result = '', answer = ''] = parts
  return { question, result, answer: answer.split('\n\n') }
}

/** The runs of lines between those that say `…`: each is quoted whole. */
function quotationsOf(result: string): string[] {
  return `\n${result}\n`
    .split('\n…')
    .map((part) => part.replace(/^\n|\n$/g, ''))
    .filter((part) => part !== '')
}

/** Figures of a text that somebody must have counted: hexadecimal, percentages, and what has three digits or more. */
function figuresOf(text: string): string[] {
  const plain = text.replace(/\]\([^)]*\)/g, ']').replace(/\b20\d\d\b/g, '')
  return plain.match(/\b0x[0-9a-f]+\b|\b\d+(?:\.\d+)? %|\b\d{1,3}(?:,\d{3})+\b|\b\d{3,}\b/g) ?? []
}

test('there are experiments, and the README and their own list link each', () => {
  expect(names).toContain('double-fault')
  for (const name of names) {
    expect(read('README.md')).toContain(`](experiments/${name}/README.md)`)
    expect(read('experiments/README.md')).toContain(`](${name}/README.md)`)
  }
})

test('all of them run in CI', () => {
  expect(read('.ci/run')).toMatch(/^npm run -s experiments$/m)
})

describe.each(names)('%s', (name) => {
  const files = readdirSync(join(folder, name))

  test('has a page, a result, and what it runs; nothing is left over', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'expected.txt']))
    const run = files.filter((file) => /\.(scn|mjs)$/.test(file))
    expect(run).not.toEqual([])
    expect(files.length).toBe(run.length + 2)
    const scripts = files
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => read('experiments', name, file))
    const told = [...commandsOf(read('experiments', name, 'expected.txt')), ...scripts].join('\n')
    for (const file of run) expect(told, file).toContain(file.replace(/\.scn$/, ''))
  })

  const page = pageOf(read('experiments', name, 'README.md'))
  const expected = read('experiments', name, 'expected.txt')

  test('says who asked, and answers in two paragraphs', () => {
    expect(page.question).toMatch(/^\*\*Question\*\* \(.+\)/)
    expect(page.answer.map((paragraph) => paragraph.split(' ').slice(0, 2).join(' '))).toEqual([
      '**What happens.**',
      expect.stringMatching(/^\*\*Why\.\*\*/),
    ])
  })

  test('quotes every command, and quotes the result in its order', () => {
    expect(commandsOf(page.result)).toEqual(commandsOf(expected))
    let rest = `\n${expected}`
    for (const quotation of quotationsOf(page.result)) {
      const at = rest.indexOf(`\n${quotation}\n`)
      expect(at, quotation).toBeGreaterThanOrEqual(0)
      rest = rest.slice(at + 1 + quotation.length)
    }
  })

  test('has no figure in its text that the result does not have', () => {
    for (const figure of figuresOf([page.question, ...page.answer].join('\n'))) {
      expect(expected).toContain(figure)
    }
  })
})

describe('the checks themselves', () => {
  test('quotations are split at lines left out', () => {
    expect(quotationsOf('…\na\nb\n…\nc')).toEqual(['a\nb', 'c'])
    expect(quotationsOf('a\nb')).toEqual(['a\nb'])
  })

  test('figures are found, years and addresses of links are not', () => {
    expect(figuresOf('in 2016 it took 9,900 of 18.2 % at 0x48201, 545 times, 4.14, [x](../1234.md)')).toEqual(
      ['9,900', '18.2 %', '0x48201', '545'],
    )
  })
})
