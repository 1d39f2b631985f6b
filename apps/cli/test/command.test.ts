import { describe, expect, it } from 'vitest'
import { command, strictArguments } from '../src/command.ts'

const example = command({
  name: 'example',
  summary: '',
  many: true,
  args: {
    files: { type: 'positional', required: true },
    tier: { type: 'enum', options: ['semantics', 'path'] },
    out: { type: 'string' },
    json: { type: 'boolean' },
  },
  notes: [],
  examples: [],
  run: () => 0,
})

describe('strictArguments', () => {
  it.each([
    ['a b', '-- a b'],
    ['a --json', '--json -- a'],
    ['--out x a', '--out=x -- a'],
    ['--out=x=y a', '--out=x=y -- a'],
    ['--out -x a', '--out=-x -- a'],
    ['--tier path a', '--tier=path -- a'],
    ['a -- --json', '-- a --json'],
    ['-', '-- -'],
  ])('rewrites %s to %s', (words, expected) => {
    expect(strictArguments(example, words.split(' ')).join(' ')).toBe(expected)
  })

  it.each([
    ['a --jso', "unknown flag '--jso'; did you mean --json?"],
    ['a -json', "unknown flag '-json'; did you mean --json?"],
    ['a --files=b', "unknown flag '--files=b'; its flags are --tier, --out, --json, --help"],
    ['a --tier=paths', "unknown --tier 'paths'; did you mean 'path'?"],
    ['a --out', '--out needs a value; write --out VALUE'],
    ['--json', "FILES is missing; run 'mm-model example --help'"],
  ])('refuses %s', (words, message) => {
    expect(() => strictArguments(example, words.split(' '))).toThrow(`example: ${message}`)
  })
})
