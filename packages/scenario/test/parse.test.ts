import { parseObservation, parseScenario, type Scenario, ScenarioSyntaxError } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { recordingNames, recordingText, scenarioSources } from './recordings.ts'

/** The scenario, without what its source says anyway. */
function parsed(...lines: string[]): object[] {
  return parseScenario(lines.join('\n'), { name: 'test' }).ops.map(({ line: _, text: __, ...words }) => words)
}

/** `line:column code` and the message of what is wrong with the lines. */
function complaint(...lines: string[]): string {
  try {
    parseScenario(lines.join('\n'), { name: 'test' })
  } catch (error) {
    if (!(error instanceof ScenarioSyntaxError)) throw error
    return `${error.line}:${error.column} ${error.code} ${error.message.replace(/^line \d+, column \d+: /, '')}`
  }
  return 'nothing is wrong'
}

describe('the scenarios of the recordings', () => {
  it('all parse', () => {
    const scenarios = Array.from(scenarioSources(), ([name, text]) => parseScenario(text, { name }))
    expect(scenarios).toHaveLength(162)
  })

  it('have the lines that the recordings print', () => {
    const sources = scenarioSources()
    for (const name of recordingNames('linux-6.1-ext4')) {
      const texts = parseScenario(sources.get(name)!, { name }).ops.map((op) => op.text)
      expect(texts).toEqual(parseObservation(recordingText('linux-6.1-ext4', name)).ops.map((op) => op.op))
    }
  })
})

describe('a scenario', () => {
  it('has its name, and the line, text and child of each operation', () => {
    const source = '# a comment\n\nmmap m anon 0 4k rw private\n \t\nfork c1\n@c1 \tload  m 0x0\n'
    expect(parseScenario(source, { name: 'tiny' })).toEqual({
      name: 'tiny',
      ops: [
        {
          line: 3,
          text: 'mmap m anon 0 4k rw private',
          who: null,
          op: 'mmap',
          map: 'm',
          file: null,
          offset: 0,
          length: 4096,
          prot: 3,
          kind: 'private',
          populate: false,
          locked: false,
        },
        { line: 5, text: 'fork c1', who: null, op: 'fork', childName: 'c1' },
        { line: 6, text: '@c1 \tload  m 0x0', who: 'c1', op: 'load', map: 'm', offset: 0 },
      ],
      assertions: [],
    } satisfies Scenario)
  })

  it('may end without a newline', () => {
    expect(parsed('create a 1')).toEqual(parsed('create a 1', ''))
  })

  it('has numbers in decimal and hex, with k and m', () => {
    expect(
      parsed('create a 10', 'create a 0x1F', 'create a 3k', 'create a 0x2m', 'create a 1K'),
    ).toMatchObject([{ size: 10 }, { size: 31 }, { size: 3072 }, { size: 2097152 }, { size: 1024 }])
    expect(parsed('create a 9007199254740991', 'create a 8589934591m')).toMatchObject([
      { size: Number.MAX_SAFE_INTEGER },
      { size: 9007199253692416 },
    ])
  })

  it('fills in what a line leaves out', () => {
    expect(parsed('create a 4k', 'fill a 0 1', 'store m 0', 'msync m 0 1')).toMatchObject([
      {},
      { byte: 0x78 },
      { byte: 1 },
      { mode: 'sync' },
    ])
  })

  it('maps with every protection, kind and flag', () => {
    const lines = [
      'mmap m a 0 4k - shared',
      'mmap m a 0 4k xwr sync locked',
      'mmap m a 0 4k w private populate locked',
    ]
    expect(parsed('create a 4k', ...lines)).toMatchObject([
      {},
      { prot: 0, kind: 'shared', populate: false, locked: false },
      { prot: 7, kind: 'sync', populate: false, locked: true },
      { prot: 2, kind: 'private', populate: true, locked: true },
    ])
  })

  it('may use mappings that were never mapped', () => {
    expect(parsed('load nowhere 0')).toEqual([{ who: null, op: 'load', map: 'nowhere', offset: 0 }])
  })

  it('gives a child the files that were there at the fork', () => {
    expect(parsed('create a 1', 'fork c', '@c fsync a', '@c create b 1', '@c fsync b')).toHaveLength(5)
    expect(complaint('create a 1', 'fork c', '@c create b 1', 'fsync b')).toMatch(
      /^4:7 SCENARIO_UNKNOWN_FILE/,
    )
    expect(complaint('fork c', 'create a 1', '@c fsync a')).toMatch(/^3:10 SCENARIO_UNKNOWN_FILE/)
  })
})

describe('a scenario that the language does not define is refused', () => {
  it.each([
    [
      ['stroe m 0'],
      "1:1 SCENARIO_UNKNOWN_OPERATION found 'stroe', expected an operation; did you mean 'store'?",
    ],
    [
      ['STORE m 0'],
      "1:1 SCENARIO_UNKNOWN_OPERATION found 'STORE', expected an operation; did you mean 'store'?",
    ],
    [
      ['create a 1', ' # no'],
      "2:2 SCENARIO_UNKNOWN_OPERATION found '#', expected an operation; a comment begins in column 1",
    ],
    [
      ['create a 1', 'fsync b'],
      "2:7 SCENARIO_UNKNOWN_FILE found 'b', expected a file created above; did you mean 'a'?",
    ],
    [
      ['create anon 1'],
      "1:8 SCENARIO_BAD_NAME found 'anon', expected the name of a file; `mmap M anon …` means anonymous memory; choose another name",
    ],
    [
      ['create 1a 1'],
      "1:8 SCENARIO_BAD_NAME found '1a', expected the name of a file; a name is a letter, then letters, digits or _",
    ],
    [
      ['load m'],
      '1:7 SCENARIO_MISSING_WORD found the end of the line, expected a number (OFF); write `load M OFF`',
    ],
    [['freeze now'], "1:8 SCENARIO_EXTRA_WORD found 'now', expected the end of the line; write `freeze`"],
    [
      ['thaw # now'],
      "1:6 SCENARIO_EXTRA_WORD found '#', expected the end of the line; a comment has a line of its own",
    ],
    [
      ['create a 4g'],
      "1:10 SCENARIO_BAD_NUMBER found '4g', expected a number (SIZE); numbers are decimal or 0x hex, with an optional k (1024) or m (1024 * 1024) at the end",
    ],
    [
      ['create a -1'],
      "1:10 SCENARIO_BAD_NUMBER found '-1', expected a number (SIZE); numbers are decimal or 0x hex, with an optional k (1024) or m (1024 * 1024) at the end",
    ],
    [
      ['create a 010'],
      "1:10 SCENARIO_BAD_NUMBER found '010', expected a number (SIZE); leave out the leading zero, or write 0x for hex",
    ],
    [
      ['create a 9007199254740992'],
      "1:10 SCENARIO_NUMBER_TOO_BIG found '9007199254740992', expected a number (SIZE) up to 2^53 - 1; use a smaller one",
    ],
    [
      ['create a 8589934592m'],
      "1:10 SCENARIO_NUMBER_TOO_BIG found '8589934592m', expected a number (SIZE) up to 2^53 - 1; use a smaller one",
    ],
    [
      ['munmap m 4k 0x1fffffffffffff'],
      '1:13 SCENARIO_NUMBER_TOO_BIG found OFF + LEN beyond 2^53 - 1, expected a range that ends by 2^53 - 1; use smaller numbers',
    ],
    [
      ['store m 0 256'],
      "1:11 SCENARIO_NUMBER_TOO_BIG found '256', expected a number (a byte) up to 255; a byte is 0 to 255",
    ],
    [
      ['create a 1', 'fill a 0 1025m'],
      "2:10 SCENARIO_NUMBER_TOO_BIG found '1025m', expected a number (LEN) up to 1073741824; one pwrite of the recorder holds its bytes in memory; use several",
    ],
    [
      ['sleep 3600001'],
      "1:7 SCENARIO_NUMBER_TOO_BIG found '3600001', expected a number (MS) up to 3600000; an hour is the longest sleep",
    ],
    [
      ['mprotect m 0 1 rq'],
      "1:16 SCENARIO_BAD_WORD found 'rq', expected a protection (letters of rwx, or - for none); leave out 'q'",
    ],
    [
      ['mprotect m 0 1 rr'],
      "1:16 SCENARIO_BAD_WORD found 'rr', expected a protection (letters of rwx, or - for none); write 'r' once",
    ],
    [
      ['mmap m anon 0 4k rw share'],
      "1:21 SCENARIO_BAD_WORD found 'share', expected one of shared, private, sync; did you mean 'shared'?",
    ],
    [
      ['mmap m anon 0 4k rw shared'],
      "1:21 SCENARIO_UNDEFINED found 'shared', expected 'private'; the language has anonymous memory as private only; map a file to share it",
    ],
    [
      ['mmap m anon 0 4k rw sync'],
      "1:21 SCENARIO_UNDEFINED found 'sync', expected 'private'; the language has anonymous memory as private only; map a file to share it",
    ],
    [
      ['mmap m anon 0 4k rw private lokced'],
      "1:29 SCENARIO_BAD_WORD found 'lokced', expected 'locked'; did you mean 'locked'?",
    ],
    [
      ['mmap m anon 0 4k rw private locked populate'],
      "1:36 SCENARIO_EXTRA_WORD found 'populate', expected the end of the line; write `mmap M F|anon OFF LEN PROT shared|private|sync [populate] [locked]`",
    ],
    [
      ['fork c', 'fork c'],
      "2:6 SCENARIO_DUPLICATE_CHILD found 'c', expected the name of a new child; a child stays until the scenario ends; choose another name",
    ],
    [
      ['fork c', '@c fork d'],
      "2:4 SCENARIO_UNDEFINED found 'fork' in a child, expected another operation; only the first process forks; fork there",
    ],
    [
      ['fork c1', '@c2 load m 0'],
      "2:1 SCENARIO_UNKNOWN_CHILD found '@c2', expected a child or a thread made above; did you mean 'c1'?",
    ],
    [
      ['fork c', '@c'],
      '2:3 SCENARIO_MISSING_WORD found the end of the line, expected an operation; write it',
    ],
    [['freeze\0'], "1:7 SCENARIO_BAD_CHARACTER found '\\u{0}', expected text; remove the control character"],
    [
      ['freeze\r', 'thaw\r'],
      "1:7 SCENARIO_BAD_CHARACTER found '\\u{d}', expected text; save the file with LF line ends",
    ],
    [
      ['\ufefffreeze'],
      "1:1 SCENARIO_BAD_CHARACTER found '\\u{feff}', expected text; save the file without a byte order mark",
    ],
    [
      ['# ü'.padEnd(511, 'x')],
      '1:510 SCENARIO_LINE_TOO_LONG found a line longer than 510 bytes, expected the end of the line; break it in two',
    ],
    [
      [''],
      '1:1 SCENARIO_EMPTY found the end of the scenario, expected an operation; a scenario begins with `create F SIZE` or `mmap M anon …`',
    ],
    [
      ['# only', '# comments', ''],
      '2:1 SCENARIO_EMPTY found the end of the scenario, expected an operation; a scenario begins with `create F SIZE` or `mmap M anon …`',
    ],
  ])('%j', (lines, message) => {
    expect(complaint(...lines)).toBe(message)
  })

  it('but a line of 510 bytes is not too long', () => {
    expect(complaint('# ü'.padEnd(509, 'x'), 'freeze')).toBe('nothing is wrong')
  })
})
