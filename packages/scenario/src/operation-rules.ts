import type { LineWords } from './line-words.ts'
import { didYouMean } from './nearest.ts'
import { quoted } from './scenario-error.ts'
import type { Advice, SingleWords } from './syntax.ts'

/** What is known at a line of the process that executes it. */
export interface Scope {
  /** The files it can name. */
  readonly files: Set<string>
  /** Names of children and threads, of all processes. */
  readonly tasks: Set<string>
}

type SingleName = SingleWords['op']

type WordsOf<Name extends SingleName> = Extract<SingleWords, { readonly op: Name }>

interface Rule<Name extends SingleName> {
  /** As the language's table writes it. */
  readonly usage: string
  /** Takes the words after the name of the operation. */
  readonly read: (words: LineWords, scope: Scope) => WordsOf<Name>
}

const ADVICE: readonly Advice[] = [
  'dontneed',
  'remove',
  'free',
  'dontfork',
  'willneed',
  'hugepage',
  'nohugepage',
  'populate_read',
  'populate_write',
]

const RULES: { readonly [Name in SingleName]: Rule<Name> } = {
  create: {
    usage: 'create F SIZE',
    read: (words, scope) => {
      const file = words.name('file')
      if (file === 'anon')
        words.complain({
          code: 'SCENARIO_BAD_NAME',
          found: "'anon'",
          expected: 'the name of a file',
          remedy: '`mmap M anon …` means anonymous memory; choose another name',
        })
      const size = words.number('SIZE')
      scope.files.add(file)
      return { op: 'create', file, size }
    },
  },
  reopen: {
    usage: 'reopen F ro|wo|rw',
    read: (words, scope) => ({
      op: 'reopen',
      file: knownFile(words, scope),
      mode: words.choice(['ro', 'wo', 'rw']),
    }),
  },
  fill: {
    usage: 'fill F OFF LEN [BYTE]',
    read: (words, scope) => {
      const file = knownFile(words, scope)
      const range = words.range(
        'LEN',
        2 ** 30,
        'one pwrite of the recorder holds its bytes in memory; use several',
      )
      return { op: 'fill', file, ...range, byte: words.byteOr(0x78) }
    },
  },
  pread: {
    usage: 'pread F OFF',
    read: (words, scope) => ({ op: 'pread', file: knownFile(words, scope), offset: words.number('OFF') }),
  },
  falloc: {
    usage: 'falloc F OFF LEN',
    read: (words, scope) => ({ op: 'falloc', file: knownFile(words, scope), ...words.range() }),
  },
  punch: {
    usage: 'punch F OFF LEN',
    read: (words, scope) => ({ op: 'punch', file: knownFile(words, scope), ...words.range() }),
  },
  truncate: {
    usage: 'truncate F SIZE',
    read: (words, scope) => ({ op: 'truncate', file: knownFile(words, scope), size: words.number('SIZE') }),
  },
  reflink: {
    usage: 'reflink F G',
    read: (words, scope) => ({ op: 'reflink', file: knownFile(words, scope), to: knownFile(words, scope) }),
  },
  fsync: {
    usage: 'fsync F',
    read: (words, scope) => ({ op: 'fsync', file: knownFile(words, scope) }),
  },
  freeze: { usage: 'freeze', read: () => ({ op: 'freeze' }) },
  thaw: { usage: 'thaw', read: () => ({ op: 'thaw' }) },
  drop_caches: { usage: 'drop_caches', read: () => ({ op: 'drop_caches' }) },
  mmap: { usage: 'mmap M F|anon OFF LEN PROT shared|private|sync [populate] [locked]', read: readMmap },
  load: {
    usage: 'load M OFF',
    read: (words) => ({ op: 'load', map: words.name('mapping'), offset: words.number('OFF') }),
  },
  store: {
    usage: 'store M OFF [BYTE]',
    read: (words) => ({
      op: 'store',
      map: words.name('mapping'),
      offset: words.number('OFF'),
      byte: words.byteOr(1),
    }),
  },
  poke: {
    usage: 'poke M OFF [BYTE]',
    read: (words) => ({
      op: 'poke',
      map: words.name('mapping'),
      offset: words.number('OFF'),
      byte: words.byteOr(1),
    }),
  },
  munmap: {
    usage: 'munmap M OFF LEN',
    read: (words) => ({ op: 'munmap', map: words.name('mapping'), ...words.range() }),
  },
  mprotect: {
    usage: 'mprotect M OFF LEN PROT',
    read: (words) => ({
      op: 'mprotect',
      map: words.name('mapping'),
      ...words.range(),
      prot: words.protection(),
    }),
  },
  msync: {
    usage: 'msync M OFF LEN [sync|async|invalidate]',
    read: (words) => ({
      op: 'msync',
      map: words.name('mapping'),
      ...words.range(),
      mode: words.more ? words.choice(['sync', 'async', 'invalidate']) : 'sync',
    }),
  },
  madvise: {
    usage: `madvise M OFF LEN ${ADVICE.join('|')}`,
    read: (words) => ({
      op: 'madvise',
      map: words.name('mapping'),
      ...words.range(),
      advice: words.choice(ADVICE),
    }),
  },
  mlock: {
    usage: 'mlock M OFF LEN',
    read: (words) => ({ op: 'mlock', map: words.name('mapping'), ...words.range() }),
  },
  mremap: {
    usage: 'mremap M OFF OLD NEW maymove|move|inplace',
    read: (words) => {
      const map = words.name('mapping')
      const { offset, length: oldLength } = words.range('OLD')
      const newLength = words.number('NEW')
      return {
        op: 'mremap',
        map,
        offset,
        oldLength,
        newLength,
        mode: words.choice(['maymove', 'move', 'inplace']),
      }
    },
  },
  fork: {
    usage: 'fork C',
    read: (words, scope) => ({ op: 'fork', childName: newName(words, scope, 'child') }),
  },
  thread: {
    usage: 'thread T',
    read: (words, scope) => ({ op: 'thread', threadName: newName(words, scope, 'thread') }),
  },
  sleep: {
    usage: 'sleep MS',
    read: (words) => ({ op: 'sleep', ms: words.number('MS', 3_600_000, 'an hour is the longest sleep') }),
  },
}

/** The names of all operations, as the language's table orders them. */
const OPERATION_NAMES: readonly SingleName[] = Object.keys(RULES) as SingleName[]

/**
 * Reads an operation that one task executes, from its first word on.
 * @throws {ScenarioSyntaxError}
 */
export function readOperation(words: LineWords, scope: Scope): SingleWords {
  const word = words.take('an operation')
  const name = OPERATION_NAMES.find((known) => known === word)
  if (name === undefined)
    return words.complain({
      code: 'SCENARIO_UNKNOWN_OPERATION',
      found: quoted(word),
      expected: 'an operation',
      remedy: didYouMean(
        word,
        OPERATION_NAMES,
        word.startsWith('#')
          ? 'a comment begins in column 1'
          : `the operations are ${OPERATION_NAMES.join(', ')}`,
      ),
    })
  const rule = RULES[name]
  words.usage = rule.usage
  return rule.read(words, scope)
}

function readMmap(words: LineWords, scope: Scope): WordsOf<'mmap'> {
  const map = words.name('mapping')
  const anonymous = words.peek === 'anon'
  const file = anonymous ? null : knownFile(words, scope)
  if (anonymous) words.take('anon')
  const range = words.range()
  const prot = words.protection()
  const kind = words.choice(['shared', 'private', 'sync'])
  if (anonymous && kind !== 'private')
    words.complain({
      code: 'SCENARIO_UNDEFINED',
      found: `'${kind}'`,
      expected: "'private'",
      remedy: 'the language has anonymous memory as private only; map a file to share it',
    })
  const populate = words.peek === 'populate'
  if (populate) words.take('populate')
  const locked = words.more && words.choice(['locked']) === 'locked'
  return { op: 'mmap', map, file, ...range, prot, kind, populate, locked }
}

/** A file that an earlier `create` of this process, or of its parent before the fork, made. */
export function knownFile(words: LineWords, scope: Scope): string {
  const file = words.name('file')
  if (scope.files.has(file)) return file
  return words.complain({
    code: 'SCENARIO_UNKNOWN_FILE',
    found: quoted(file),
    expected: 'a file created above',
    remedy: didYouMean(
      file,
      [...scope.files],
      `write \`create ${file} SIZE\` above, in this process or before its fork`,
    ),
  })
}

/** A name that no child and no thread has. */
function newName(words: LineWords, { tasks }: Scope, what: 'child' | 'thread'): string {
  const name = words.name(what)
  if (!tasks.has(name)) return name
  return words.complain({
    code: 'SCENARIO_DUPLICATE_CHILD',
    found: quoted(name),
    expected: `the name of a new ${what}`,
    remedy: `a ${what} stays until the scenario ends; choose another name`,
  })
}
