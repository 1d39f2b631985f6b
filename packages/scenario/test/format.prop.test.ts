import { formatOperation, type OperationWords, parseScenario } from '@mm-model/scenario'
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

/** Each operation of the language with all of its words. */
const words = fc.oneof(
  fc.record({ op: fc.constantFrom('create', 'truncate'), file, size: number }),
  fc.record({ op: fc.constant('reopen'), file, mode: fc.constantFrom('ro', 'wo', 'rw') }),
  fc.record({ op: fc.constant('fill'), file, offset: half, length: fc.nat(2 ** 30), byte }),
  fc.record({ op: fc.constant('pread'), file, offset: number }),
  fc.record({ op: fc.constantFrom('falloc', 'punch'), file, ...range }),
  fc.record({ op: fc.constant('reflink'), file, to: file }),
  fc.record({ op: fc.constant('fsync'), file }),
  fc.record({ op: fc.constantFrom('freeze', 'thaw') }),
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
  fc.record({ op: fc.constant('store'), map: name, offset: number, byte }),
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
  fc.record({ op: fc.constant('sleep'), ms: fc.nat(3_600_000) }),
) as fc.Arbitrary<OperationWords>

describe('formatOperation', () => {
  it('writes lines that parse to the same operation', () => {
    fc.assert(
      fc.property(words, fc.option(name), (operation, someone) => {
        // Only the first process forks.
        const child = operation.op === 'fork' ? null : someone
        const line = formatOperation({ ...operation, child })
        const before = [
          ...('file' in operation && operation.file ? [`create ${operation.file} 0`] : []),
          ...('to' in operation ? [`create ${operation.to} 0`] : []),
          ...(child === null ? [] : [`fork ${child}`]),
        ]
        const { ops } = parseScenario([...before, line].join('\n'), { name: 'test' })
        expect(ops.at(-1)).toEqual({ ...operation, line: before.length + 1, text: line, child })
      }),
      { numRuns: 1000 },
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
