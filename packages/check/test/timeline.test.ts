import {
  assertionsOf,
  digestOf,
  explore,
  formatTimeline,
  invariantsNamed,
  type Program,
  parseSchedule,
  programOf,
  replay,
  runsOf,
  type ScheduleFile,
  stringifySchedule,
  timelineOf,
  traceOf,
} from '@mm-model/check'
import { parseScenario, type Scenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const parse = (...lines: string[]): Scenario => parseScenario(lines.join('\n'), { name: 'test' })

const programFor = (scenario: Scenario, defects: Parameters<typeof programOf>[1]['defects'] = []): Program =>
  programOf(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite, defects })

const SYNC = parse(
  'create a 4k',
  'fill a 0 4k',
  'mmap m a 0 4k rw shared',
  'thread t1',
  'store m 0 1',
  '@t1 store m 0 7 || fsync a',
)

const program = programFor(SYNC, ['flush-before-mkclean'])
const invariants = invariantsNamed(['I25'])
const found = explore(program, { invariants })
const timeline = timelineOf(
  program,
  found.counterexample!.schedule.map(({ thread }) => thread),
)

describe('the timeline of a bug', () => {
  it('says who did what, where in the kernel, under which locks, and what changed', () => {
    expect(found.verdict).toMatch(/^violated: I25: page 0 of a was stored to, is not flushed/)
    expect(timeline.threads).toEqual(['@t1', 'first'])
    expect(formatTimeline(timeline, { width: 110 }).join('\n')).toMatchSnapshot()
  })

  it('shows an interrupt in the column of the thread that it stops', () => {
    const scenario = parse(
      'create a 4k',
      'mmap m a 0 4k rw shared',
      'store m 0 1',
      'thread t1',
      'load m 0 || @t1 mprotect m 0 4k r',
      '@t1 finally result 1 EINVAL',
    )
    const violated = explore(programFor(scenario), { invariants: assertionsOf(scenario) })
    const shown = timelineOf(
      programFor(scenario),
      violated.counterexample!.schedule.map(({ thread }) => thread),
    )
    const at = shown.runners.indexOf('CPU 0 for @t1')
    expect(shown.steps[at]).toMatchObject({ thread: 0, interrupt: true, begins: null, answers: null })
    expect(shown.steps[at]!.changes[0]).toMatch(
      /^TLB of CPU 0 for m\+0x0: frame 0x\w+, writable, dirty -> none$/,
    )
  })

  it('says the CPU of an interrupt that stops nobody', () => {
    const lines = ['create a 4k', 'mmap m a 0 4k rw shared', 'store m 0 1', 'thread t1']
    const scenario = parse(...lines, '|| @t1 mprotect m 0 4k r', '@t1 finally result 1 EINVAL')
    const { counterexample } = explore(programFor(scenario), { invariants: assertionsOf(scenario) })
    const { steps } = timelineOf(
      programFor(scenario),
      counterexample!.schedule.map(({ thread }) => thread),
    )
    expect(steps.filter(({ interrupt }) => interrupt).map(({ functions }) => functions)).toEqual([
      ['(interrupt of CPU 0)'],
    ])
  })

  it('has the lines below the parallel one where they ran, and only there', () => {
    const scenario = parse(
      'create a 4k',
      'mmap m a 0 4k rw shared',
      'thread t1',
      '@t1 store m 0 7 || load m 0',
      'load m 0',
      '@t1 truncate a 0',
      'finally size a 1',
    )
    const program = programFor(scenario)
    const { counterexample } = explore(program, { invariants: assertionsOf(scenario) })
    const schedule = counterexample!.schedule.map(({ thread }) => thread)
    const shown = timelineOf(program, schedule, true)
    expect(shown.after).toMatchObject([
      { text: 'load m 0', answers: '7', changes: [] },
      { text: '@t1 truncate a 0', answers: '0' },
    ])
    expect(shown.after![1]!.changes).toContain('size of a: 4096 -> 0')
    const lines = formatTimeline(shown)
    expect(lines.slice(lines.indexOf('when all have ended')).slice(0, 4)).toEqual([
      'when all have ended',
      '  load m 0',
      '  = 7',
      '  @t1 truncate a 0',
    ])
    expect(timelineOf(program, schedule).after).toBeNull()
    expect(formatTimeline(timelineOf(program, schedule))).not.toContain('when all have ended')
  })

  it('keeps to its width, colours left out', () => {
    for (const width of [40, 80, 133]) {
      const lines = formatTimeline(timeline, { width, call: (text) => `<${text}>` })
      expect(Math.max(...lines.map((line) => line.replace(/[<>]/g, '').length))).toBeLessThanOrEqual(width)
      expect(lines.join('\n')).toContain('<store m 0 7>')
    }
  })
})

describe('a schedule', () => {
  const names = timeline.runners

  it('does the same again', () => {
    const again = replay(program, names, invariants)
    expect(again.wrong).toMatchObject({ name: 'I25', message: found.counterexample!.message })
    expect(again.schedule).toEqual(found.counterexample!.schedule.map(({ thread }) => thread))
    expect(replay(programFor(SYNC), names.slice(0, 5), invariants)).toMatchObject({
      wrong: null,
      ended: false,
    })
  })

  it('ends in a deadlock, or with what must hold at the end, as a search does', () => {
    const frozen = parse('create a 4k', 'mmap m a 0 4k rw shared', 'thread t1', '@t1 store m 0 1 || freeze')
    const stuck = explore(programFor(frozen)).counterexample!
    const again = replay(
      programFor(frozen),
      stuck.schedule.map(({ name }) => name),
      [],
    )
    expect(again.wrong).toMatchObject({ name: 'deadlock', message: stuck.message })
    const wrong = parse('create a 4k', '|| truncate a 0', 'finally size a 1')
    const program = programFor(wrong)
    const { counterexample } = explore(program, { invariants: assertionsOf(wrong) })
    expect(
      replay(
        program,
        counterexample!.schedule.map(({ name }) => name),
        assertionsOf(wrong),
      ),
    ).toMatchObject({ wrong: { name: 'line 3' }, ended: true })
  })

  it.each([
    [['nobody'], 'step 1 of nobody'],
    [Array(100).fill('@t1'), 'of @t1, which has ended'],
    [['CPU 0 for @t1'], 'step 1 of CPU 0 for @t1, which has to wait'],
  ])('that does not fit is refused: %j', (steps, message) => {
    expect(() => replay(programFor(SYNC), steps as string[], [])).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIGURATION', message: expect.stringContaining(message) }),
    )
  })

  const text = fc.string()
  const file = fc.record({
    scenario: text,
    digest: text,
    profile: fc.record(
      {
        kernel: text,
        fs: text,
        arch: text,
        strategy: text,
        defects: fc.array(text),
        invariants: fc.array(text),
      },
      { requiredKeys: ['kernel', 'fs', 'strategy', 'defects', 'invariants'] },
    ),
    steps: fc.array(fc.constantFrom('first', '@t1', '@t2')).map(runsOf),
    ends: fc.option(fc.record({ name: text, message: text })),
  }) as fc.Arbitrary<ScheduleFile>

  it('is written and read without loss', () => {
    fc.assert(
      fc.property(file, (schedule) => {
        expect(parseSchedule(stringifySchedule(schedule))).toEqual(schedule)
      }),
    )
  })

  it('counts runs, and loses no step', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b')), (list) => {
        const runs = runsOf(list)
        expect(runs.flatMap(([name, count]) => Array(count).fill(name))).toEqual(list)
        expect(runs.every(([name], i) => name !== runs[i - 1]?.[0])).toBe(true)
      }),
    )
  })

  it('is refused where anything in it is of another kind, and never with another error', () => {
    const good = { format: 'mm-model schedule', version: 1, scenario: 's', digest: 'd', ends: null }
    const profile = { kernel: '6.1', fs: 'ext4', strategy: 'mkwrite', defects: [], invariants: [] }
    const whole = { ...good, profile, steps: [['first', 1]] }
    expect(parseSchedule(JSON.stringify(whole)).steps).toEqual([['first', 1]])
    for (const key of Object.keys(whole)) {
      for (const value of [undefined, 7, 'x', [], [[]], {}, [['first', 0]], [['first', 1e9]], [[1, 1]]]) {
        const spoilt = JSON.stringify({ ...whole, [key]: value })
        const isGood =
          (key === 'steps' && JSON.stringify(value) === '[]') ||
          (typeof value === 'string' && /^(scenario|digest)$/.test(key))
        if (isGood) continue
        expect(() => parseSchedule(spoilt), spoilt).toThrow(
          expect.objectContaining({ code: 'BAD_CONFIGURATION' }),
        )
      }
    }
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (junk) => {
        expect(() => parseSchedule(junk)).toThrow(expect.objectContaining({ code: 'BAD_CONFIGURATION' }))
      }),
    )
  })

  it('is of what the scenario says, however it is written', () => {
    const other = parse('# the same', 'create  a 0x1000', '|| truncate a 0')
    expect(digestOf(other)).toBe(digestOf(parse('create a 4k', '|| truncate a 0')))
    expect(digestOf(other)).not.toBe(digestOf(parse('create a 4k', '|| truncate a 1')))
    expect(digestOf(other)).not.toBe(digestOf(parse('create a 4k', '|| truncate a 0', 'finally size a 0')))
  })
})

describe('a trace for Perfetto', () => {
  // https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: required members by phase.
  const trace = traceOf(timeline, found.counterexample)

  it('has the members that the format requires', () => {
    expect(trace.displayTimeUnit).toBe('ms')
    for (const event of trace.traceEvents) {
      expect(event.name.length, JSON.stringify(event)).toBeGreaterThan(0)
      for (const member of ['pid', 'tid', 'ts'] as const) expect(Number.isFinite(event[member])).toBe(true)
      if (event.ph === 'X') expect(event.dur).toBeGreaterThan(0)
      if (event.ph === 'b' || event.ph === 'e')
        expect([typeof event.id, typeof event.cat]).toEqual(['string', 'string'])
      if (event.ph === 'i') expect(event.s).toBe('g')
      if (event.ph === 'M') expect(event.args).toEqual({ name: expect.any(String) })
    }
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace)
  })

  it('has a track for each thread, its calls, held locks and what is wrong', () => {
    const of = (ph: string): string[] => trace.traceEvents.filter((e) => e.ph === ph).map(({ name }) => name)
    expect(trace.traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => args!.name)).toEqual([
      '@t1',
      'first',
    ])
    expect(of('X')).toEqual(expect.arrayContaining(['store m 0 7', 'fsync a', 'dax_writeback']))
    expect(of('i')).toEqual([expect.stringMatching(/^I25: /)])
    for (const name of of('e')) expect(of('b')).toContain(name)
  })

  it('nests: no slice of a thread overlaps another without holding it', () => {
    for (const thread of [1, 2]) {
      const slices = trace.traceEvents.filter(({ ph, tid }) => ph === 'X' && tid === thread)
      for (const a of slices) {
        for (const b of slices) {
          const [start, end] = [Math.max(a.ts, b.ts), Math.min(a.ts + a.dur!, b.ts + b.dur!)]
          const shared = end - start
          if (shared > 1e-9) expect(Math.min(a.dur!, b.dur!) - shared).toBeLessThan(1e-9)
        }
      }
    }
  })
})
