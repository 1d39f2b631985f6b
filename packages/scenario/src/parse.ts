import { LineWords } from './line-words.ts'
import { didYouMean } from './nearest.ts'
import { quoted, ScenarioSyntaxError } from './scenario-error.ts'
import type { Advice, Operation, OperationName, OperationWords, Scenario } from './syntax.ts'

/** The recorder reads lines into 512 bytes, with the newline and a NUL. */
const LONGEST_LINE: number = 510

/** What is known, line by line, of the process that executes: the files it can name. */
interface Scope {
  readonly files: Set<string>
  readonly children: Set<string>
}

type WordsOf<Name extends OperationName> = Extract<OperationWords, { readonly op: Name }>

interface Rule<Name extends OperationName> {
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

const RULES: { readonly [Name in OperationName]: Rule<Name> } = {
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
    read: (words, scope) => {
      const childName = words.name('child')
      if (scope.children.has(childName))
        words.complain({
          code: 'SCENARIO_DUPLICATE_CHILD',
          found: quoted(childName),
          expected: 'the name of a new child',
          remedy: 'a child stays until the scenario ends; choose another name',
        })
      return { op: 'fork', childName }
    },
  },
  sleep: {
    usage: 'sleep MS',
    read: (words) => ({ op: 'sleep', ms: words.number('MS', 3_600_000, 'an hour is the longest sleep') }),
  },
}

/** The names of all operations, as the language's table orders them. */
const OPERATION_NAMES: readonly OperationName[] = Object.keys(RULES) as OperationName[]

/**
 * Parses the text of a scenario file.
 *
 * @param options.name What the scenario is called: its file's name without `.scn`.
 * @throws {ScenarioSyntaxError} at the first word that the language does not define.
 */
export function parseScenario(text: string, options: { readonly name: string }): Scenario {
  const ops: Operation[] = []
  const first: Scope = { files: new Set(), children: new Set() }
  const children = new Map<string, Scope>()
  // The newline that ends the last line begins no other.
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  for (const [index, source] of lines.entries()) {
    const line = index + 1
    checkLine(line, source)
    if (source.startsWith('#')) continue
    const words = new LineWords(line, source)
    if (!words.more) continue
    const child = words.peek.startsWith('@') ? readChild(words, children) : null
    const scope = child === null ? first : children.get(child)!
    const operation = readOperation(words, scope)
    words.end()
    if (operation.op === 'fork') {
      if (child !== null) refuseGrandchild(line, source)
      first.children.add(operation.childName)
      // A child inherits the open files; what either creates later is its own.
      children.set(operation.childName, { files: new Set(first.files), children: first.children })
    }
    ops.push({ ...operation, line, text: source, child })
  }
  if (ops.length === 0)
    throw new ScenarioSyntaxError(lines.length, 1, {
      code: 'SCENARIO_EMPTY',
      found: 'the end of the scenario',
      expected: 'an operation',
      remedy: 'a scenario begins with `create F SIZE` or `mmap M anon …`',
    })
  return { name: options.name, ops }
}

function readOperation(words: LineWords, scope: Scope): OperationWords {
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
function knownFile(words: LineWords, scope: Scope): string {
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

/** `@C`, where an earlier `fork C` made the child. */
function readChild(words: LineWords, children: ReadonlyMap<string, Scope>): string {
  const child = words.take('a child').slice(1)
  if (children.has(child)) return child
  return words.complain({
    code: 'SCENARIO_UNKNOWN_CHILD',
    found: quoted(`@${child}`),
    expected: 'a child forked above',
    remedy: didYouMean(child, [...children.keys()], `write \`fork ${child}\` above`),
  })
}

function refuseGrandchild(line: number, source: string): never {
  throw new ScenarioSyntaxError(line, source.indexOf('fork') + 1, {
    code: 'SCENARIO_UNDEFINED',
    found: "'fork' in a child",
    expected: 'another operation',
    remedy: 'only the first process forks; fork there',
  })
}

/** What no line may have, comments included: the recorder would read another program. */
function checkLine(line: number, source: string): void {
  let bytes = 0
  for (let column = 1; column <= source.length; column++) {
    const code = source.charCodeAt(column - 1)
    // A surrogate is half of a character of four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3
    if (bytes > LONGEST_LINE)
      throw new ScenarioSyntaxError(line, column, {
        code: 'SCENARIO_LINE_TOO_LONG',
        found: `a line longer than ${LONGEST_LINE} bytes`,
        expected: 'the end of the line',
        remedy: 'break it in two',
      })
    if ((code >= 0x20 && code !== 0x7f && code !== 0xfeff) || code === 0x09) continue
    throw new ScenarioSyntaxError(line, column, {
      code: 'SCENARIO_BAD_CHARACTER',
      found: quoted(source[column - 1]!),
      expected: 'text',
      remedy:
        code === 0x0d
          ? 'save the file with LF line ends'
          : code === 0xfeff
            ? 'save the file without a byte order mark'
            : 'remove the control character',
    })
  }
}
