import {
  type AssertionWords,
  formatAssertion,
  formatOperation,
  parseScenario,
  type SingleWords,
} from '@mm-model/scenario'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scenarioSources } from './recordings.ts'

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/)
const file = name.filter((word) => word !== 'anon')
const byte = fc.nat(255)
const number = fc.oneof(fc.nat(0xffff), fc.maxSafeNat())
const prot = fc.nat(7)
// Half of 2^53 each, so that the sum is exact.
const half = fc.oneof(
  fc.nat(0xffff),
  fc.nat(2 ** 30).map((n) => n * 2 ** 22),
)
const range = { offset: half, length: half }
const kind = fc.constantFrom('shared', 'private', 'sync')

/** Each operation of the language that one task executes, with all of its words. */
const words = fc.oneof(
  fc.record({ op: fc.constantFrom('create', 'truncate'), file, size: number }),
  fc.record({ op: fc.constant('reopen'), file, mode: fc.constantFrom('ro', 'wo', 'rw') }),
  fc.record({ op: fc.constant('fill'), file, offset: half, length: fc.nat(2 ** 30), byte }),
  fc.record({ op: fc.constant('pread'), file, offset: number }),
  fc.record({ op: fc.constantFrom('falloc', 'punch'), file, ...range }),
  fc.record({ op: fc.constant('reflink'), file, to: file }),
  fc.record({ op: fc.constant('fsync'), file }),
  fc.record({ op: fc.constantFrom('freeze', 'thaw', 'drop_caches') }),
  fc
    .record({
      op: fc.constant('mmap'),
      map: name,
      file: fc.option(file),
      ...range,
      prot,
      kind,
      populate: fc.boolean(),
      locked: fc.boolean(),
    })
    .map((mmap) => ({ ...mmap, kind: mmap.file === null ? 'private' : mmap.kind })),
  fc.record({ op: fc.constant('load'), map: name, offset: number }),
  fc.record({ op: fc.constantFrom('store', 'poke'), map: name, offset: number, byte }),
  fc.record({ op: fc.constantFrom('munmap', 'mlock'), map: name, ...range }),
  fc.record({ op: fc.constant('mprotect'), map: name, ...range, prot }),
  fc.record({
    op: fc.constant('msync'),
    map: name,
    ...range,
    mode: fc.constantFrom('sync', 'async', 'invalidate'),
  }),
  fc.record({
    op: fc.constant('madvise'),
    map: name,
    ...range,
    advice: fc.constantFrom(
      'dontneed',
      'remove',
      'free',
      'dontfork',
      'willneed',
      'hugepage',
      'nohugepage',
      'populate_read',
      'populate_write',
    ),
  }),
  fc.record({
    op: fc.constant('mremap'),
    map: name,
    offset: half,
    oldLength: half,
    newLength: number,
    mode: fc.constantFrom('maymove', 'move', 'inplace'),
  }),
  fc.record({ op: fc.constant('fork'), childName: name }),
  fc.record({ op: fc.constant('thread'), threadName: name }),
  fc.record({ op: fc.constant('sleep'), ms: fc.nat(3_600_000) }),
) as fc.Arbitrary<SingleWords>

const alternatives = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength: 1, maxLength: 3 })

/** Each assertion of the language. */
const assertion = fc.oneof(
  fc.record({
    what: fc.constantFrom('byte', 'durable'),
    file,
    offset: number,
    oneOf: alternatives(fc.oneof(byte, fc.constant('end'))),
  }),
  fc.record({
    what: fc.constant('entry'),
    file,
    page: number,
    oneOf: alternatives(fc.constantFrom('none', 'empty', 'zero', 'clean', 'dirty', 'locked')),
  }),
  fc.record({
    what: fc.constant('leaf'),
    map: name,
    offset: number,
    oneOf: alternatives(fc.constantFrom('none', 'ro', 'rw')),
  }),
  fc.record({ what: fc.constant('size'), file, oneOf: alternatives(number) }),
  fc.record({
    what: fc.constant('result'),
    operation: number,
    oneOf: alternatives(
      fc.constantFrom('0', '-1000', '7', 'ENOSPC', 'EAGAIN', 'SIGBUS', 'SIGSEGV', 'skipped'),
    ),
  }),
) as fc.Arbitrary<AssertionWords>

/** The lines that make what an operation, or an assertion, names. */
function linesBefore(words: SingleWords | AssertionWords): string[] {
  return [
    ...('file' in words && words.file ? [`create ${words.file} 0`] : []),
    ...('to' in words ? [`create ${words.to} 0`] : []),
  ]
}

describe('formatOperation', () => {
  it('writes lines that parse to the same operation', () => {
    fc.assert(
      fc.property(words, fc.option(name), (operation, someone) => {
        // Only the first process forks.
        const who = operation.op === 'fork' || operation.op === 'thread' ? null : someone
        const line = formatOperation({ ...operation, who })
        const before = [...linesBefore(operation), ...(who === null ? [] : [`fork ${who}`])]
        const { ops } = parseScenario([...before, line].join('\n'), { name: 'test' })
        expect(ops.at(-1)).toEqual({ ...operation, line: before.length + 1, text: line, who })
      }),
      { numRuns: 1000 },
    )
  })

  it('writes parallel lines that parse to the same branches', () => {
    const branch = fc.array(
      words.filter(({ op }) => op !== 'fork' && op !== 'thread'),
      { minLength: 1, maxLength: 3 },
    )
    let most = 0
    fc.assert(
      fc.property(fc.array(branch, { minLength: 1, maxLength: 4 }), fc.boolean(), (lists, withFirst) => {
        const all = lists.flat()
        const before = all.flatMap(linesBefore)
        const threads = lists.map((_, i) => (withFirst && i === 0 ? null : `T${i}`))
        for (const thread of threads) if (thread !== null) before.push(`thread ${thread}`)
        const line = before.length + 1
        const branches = lists.map((list, i) => {
          const who = threads[i]!
          return {
            who,
            ops: list.map((each) => ({ ...each, line, who, text: formatOperation({ ...each, who }) })),
          }
        })
        const text = formatOperation({ op: 'parallel', branches, who: null })
        if (text.length > 510) return
        most = Math.max(most, lists.length)
        const { ops } = parseScenario([...before, text].join('\n'), { name: 'test' })
        expect(ops.at(-1)).toEqual({ op: 'parallel', branches, line, text, who: null })
        expect(formatOperation(ops.at(-1)!)).toBe(text)
      }),
    )
    expect(most).toBe(4)
  })

  it('writes assertions that parse to the same', () => {
    fc.assert(
      fc.property(assertion, fc.boolean(), fc.boolean(), (words, always, byChild) => {
        const when = always && words.what !== 'result' ? 'always' : 'finally'
        const who = byChild ? 'c' : null
        const before = [...linesBefore(words), 'fork c']
        const text = formatAssertion({ ...words, when, who })
        const { assertions } = parseScenario([...before, text].join('\n'), { name: 'test' })
        expect(assertions).toEqual([{ ...words, when, who, line: before.length + 1, text }])
      }),
    )
  })

  it('rewrites every recorded scenario without changing its meaning', () => {
    for (const [name, text] of scenarioSources()) {
      const { ops } = parseScenario(text, { name })
      const again = parseScenario(ops.map(formatOperation).join('\n'), { name })
      expect(again.ops).toEqual(ops.map((op, i) => ({ ...op, line: i + 1, text: again.ops[i]!.text })))
    }
  })
})
