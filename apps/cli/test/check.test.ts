import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Progress, progressLine } from '../src/check/progress.ts'
import { folderWith, mmModel, type Outcome, ROOT } from './mm-model.ts'

const EXAMPLE = join(ROOT, 'examples/writer-and-fsync.scn')
const BUG = ['--defect', 'flush-before-mkclean']
/** What it leads to; that writeback does it in the wrong order is wrong before, in one thread. */
const LOSS = [...BUG, '--invariants', 'I25']
const FOLDER = folderWith({
  'sequential.scn': 'create a 4k\n',
  'frozen.scn': 'create a 4k\nmmap m a 0 4k rw shared\nfreeze\nstore m 0\n|| load m 0\n',
  'no-thread.scn': 'create a 4k\nfsync a || @t1 fsync a\n',
  'nothing.scn': 'create a 4k\n|| fsync a\nfinally leaf m 0 rw\n',
  'six.scn': `${'abcdef'.replace(/./g, 'thread $&\n')}create x 4k\n${'abcdef'.replace(/./g, '@$& fsync x || ').slice(0, -4)}\n`,
  'below.scn':
    'create a 4k\nmmap m a 0 4k rw shared\nthread t1\n@t1 store m 0 7 || load m 0\nload m 0\nfinally size a 1\n',
  'before.scn':
    'create a 4k\nmmap m a 0 4k rw shared\nthread t1\n@t1 store m 0 7 || load m 0\nload m 0\nfsync a\nalways entry a 0 none|empty|locked\n',
  'deadlock.scn': 'create a 4k\nmmap m a 0 4k rw shared\nthread t1\n@t1 store m 0 1 || freeze\n',
  'no-schedule.json': '{"format": "mm-model schedule"}',
})
const inFolder = (name: string): string => join(FOLDER, name)

/** The example with the bug, checked once: what is found, and the files that are written. */
const SCHEDULE = inFolder('found.json')
const TRACE = inFolder('trace.json')
const violated = mmModel('check', EXAMPLE, ...LOSS, '--schedule', SCHEDULE, '--perfetto', TRACE)

const check = (...words: readonly string[]): Promise<Outcome> => mmModel('check', ...words)
const run = (...words: readonly string[]): Promise<Outcome> => mmModel('run', ...words)

describe('mm-model check', () => {
  it('says that all holds, in exit code 0', async () => {
    const { status, stdout, stderr } = await check(EXAMPLE)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^writer-and-fsync {2}on 6\.1, ext4, mkwrite\nholds in all interleavings\n[\d,]+ executions, [\d,]+ steps, /,
    )
  })

  it('shows what breaks a rule thread by thread, in exit code 1', async () => {
    const { status, stdout } = await violated
    expect(status).toBe(1)
    expect(stdout.split('\n')[0]).toBe('writer-and-fsync  on 6.1, ext4, mkwrite, with flush-before-mkclean')
    expect(stdout).toMatch(/\n +@t1 +first\n/)
    expect(stdout).toMatch(/\n *\d+ {2}store m 0 7\n/)
    expect(stdout).toMatch(/\n *\d+ {40,}fsync a\n/)
    expect(stdout).toContain('* flushed frame')
    expect(stdout).toMatch(
      /\nviolated: I25: page 0 of a was stored to.*\n {2}rule {4}.*\n {2}source {2}.*\n {2}so {6}/,
    )
    expect(stdout).toMatch(
      /\n\d+ steps, 1 preemption; fewer preemptions, or as many and fewer steps, do not\n/,
    )
  })

  it('checks the kernel of the discussion, which flushes and write-protects nothing', async () => {
    const { status, stdout } = await check(EXAMPLE, '--kernel', '4.5')
    expect(status).toBe(1)
    expect(stdout).toMatch(/^writer-and-fsync {2}on 4\.5, ext4, retry\n/)
    expect(stdout).toMatch(
      /\nviolated: I21: page 0 of a, mapped at m\+0x0, can be stored to while it is flushed\n/,
    )
    expect((await check(EXAMPLE, '--kernel', '4.5', '--invariants', 'I23,I25')).status).toBe(0)
  })

  it('shows what ran below the parallel line, or says that the counterexample ends before', async () => {
    const below = await check(inFolder('below.scn'), '--invariants', 'none')
    expect(below.stdout).toMatch(/\nwhen all have ended\n {2}load m 0\n(.*\n)* {2}= 7\n\nviolated: line 6: /)
    const before = await check(inFolder('before.scn'), '--invariants', 'none')
    expect(before.stdout).toContain(
      '\nit ends before the 2 lines below the parallel one\n\nviolated: line 7: ',
    )
    expect(before.stdout).not.toContain('when all have ended')
    expect((await violated).stdout).toContain('\n\nit ends before the line below the parallel one\n')
    const deadlock = await check(inFolder('deadlock.scn'), '--invariants', 'none')
    expect(deadlock.stdout).not.toMatch(/when all have ended|it ends before/)
    const json = JSON.parse((await check(inFolder('below.scn'), '--invariants', 'none', '--json')).stdout)
    expect(json.counterexample.after).toMatchObject([{ text: 'load m 0', answers: '7' }])
  })

  it('says of how many smaller scenarios it does not know, and how to know more', async () => {
    const words = [EXAMPLE, ...BUG, '--invariants', 'I25', '--shrink']
    const { stdout } = await check(...words, '--shrink-executions', '1')
    expect(stdout).toMatch(
      /\n(\d+ smaller scenarios? could not be searched to the end in 1 execution, and may break it, too|nothing was left out: a search of 1 execution does not find it); --shrink-executions gives more than 1$/m,
    )
    expect((await check(EXAMPLE, '--shrink-executions', '5')).stderr).toContain(
      '--shrink-executions is given without --shrink; give both',
    )
  })

  it('shows the smallest scenario that breaks the same rule', async () => {
    const { stdout, status } = await check(EXAMPLE, ...LOSS, '--shrink')
    expect(status).toBe(1)
    const smallest = stdout.split('the smallest scenario that breaks I25:\n')[1]!
    expect(smallest).toContain('|| ')
    expect(smallest.split('\n').length).toBeLessThan(readFileSync(EXAMPLE, 'utf8').split('\n').length)
  })

  it('never passes what it did not run: exit code 3', async () => {
    const told = async (...words: string[]): Promise<(number | string | null)[]> => {
      const { status, stdout } = await check(EXAMPLE, ...words)
      return [status, ...stdout.split('\n').slice(1, 3)]
    }
    expect(await told('--preemptions', '0')).toEqual([
      3,
      'not exhausted: schedules with more than 0 preemptions',
      'nothing is wrong in all schedules with at most 0 preemptions',
    ])
    expect(await told('--random', '3', '--seed', '9')).toEqual([
      3,
      'not exhausted: 3 random schedules',
      'nothing is wrong in 3 random schedules of the seed 9',
    ])
    const limited = 'nothing is wrong in what was run'
    expect(await told('--max-executions', '2')).toEqual([3, 'not exhausted: 2 executions', limited])
    expect(await told('--max-steps', '10')).toEqual([3, 'not exhausted: 10 steps', limited])
    expect(await told('--random', '9', '--max-steps', '10')).toEqual([3, 'not exhausted: 10 steps', limited])
  })

  it('finds by other ways of searching, too', async () => {
    expect((await check(EXAMPLE, ...BUG, '--preemptions', '1')).status).toBe(1)
    expect((await check(EXAMPLE, ...BUG, '--random', '500', '--seed', '3')).status).toBe(1)
    const { stdout } = await check(inFolder('deadlock.scn'), '--invariants', 'none')
    expect(stdout).toContain('violated: deadlock: @t1 waits for ext4 sb_writers (page fault)')
  })

  it('looks at the rules that it is told to, and always at those of the scenario', async () => {
    expect((await check(EXAMPLE, ...BUG)).stdout).toContain('violated: I21: ')
    expect((await violated).stdout).toContain('violated: I25: ')
    expect((await check(EXAMPLE, ...BUG, '--invariants', 'I13,I34')).stdout).toContain('violated: line ')
    expect((await check(EXAMPLE, ...BUG, '--invariants', 'none')).stdout).toContain('violated: line ')
  })

  it('runs on other kernels, file systems and strategies', async () => {
    const { status, stdout } = await check(EXAMPLE, '--kernel', '6.12', '--fs', 'xfs', '--strategy', 'retry')
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'writer-and-fsync  on 6.12, xfs, retry'])
  })

  it('prints JSON', async () => {
    const holds = JSON.parse((await check(EXAMPLE, '--json')).stdout)
    expect(holds).toMatchObject({ scenario: 'writer-and-fsync', outcome: 'holds', counterexample: null })
    const { status, stdout } = await check(EXAMPLE, ...LOSS, '--json')
    expect(status).toBe(1)
    const { counterexample, ...what } = JSON.parse(stdout)
    expect(what).toMatchObject({ kernel: '6.1', defects: ['flush-before-mkclean'], outcome: 'violated' })
    expect(counterexample).toMatchObject({
      name: 'I25',
      preemptions: 1,
      shortest: true,
      threads: ['@t1', 'first'],
    })
    expect(counterexample.steps[0]).toMatchObject({ runs: 'first', begins: 'fsync a', interrupt: false })
  })
})

describe('a schedule', () => {
  it('is written, run again, and ends in the same', async () => {
    const found = (await violated).stdout
    const { steps, ends } = JSON.parse(readFileSync(SCHEDULE, 'utf8'))
    expect(ends.name).toBe('I25')
    expect(steps[0]).toEqual(['first', expect.any(Number)])
    const { traceEvents } = JSON.parse(readFileSync(TRACE, 'utf8'))
    expect(traceEvents.at(-1)).toMatchObject({ ph: 'i', name: expect.stringMatching(/^I25: /) })
    const again = await run(EXAMPLE, '--schedule', SCHEDULE)
    expect([again.status, again.stderr]).toEqual([1, ''])
    expect(found.startsWith(again.stdout)).toBe(true)
    const json = JSON.parse((await run(EXAMPLE, '--schedule', SCHEDULE, '--json')).stdout)
    expect(json).toMatchObject({
      reproduced: true,
      wrong: { name: 'I25' },
      defects: ['flush-before-mkclean'],
    })
  })

  it('is not written when nothing is wrong', async () => {
    await check(EXAMPLE, '--schedule', inFolder('none.json'))
    expect(existsSync(inFolder('none.json'))).toBe(false)
  })

  it('of something else is refused in exit code 2', async () => {
    const refused = async (...words: string[]): Promise<string> => {
      const { status, stderr } = await run(...words)
      expect(status).toBe(2)
      return stderr
    }
    expect(await refused(inFolder('deadlock.scn'), '--schedule', SCHEDULE)).toMatch(
      /found\.json: is of another scenario than .*deadlock\.scn \(it was found in 'writer-and-fsync'\); /,
    )
    expect(await refused(EXAMPLE, '--schedule', inFolder('no-schedule.json'))).toMatch(
      /no-schedule\.json: found a schedule with version/,
    )
    expect(await refused(EXAMPLE, '--schedule', EXAMPLE)).toMatch(
      /found a schedule with a text that is no JSON/,
    )
    expect(await refused(EXAMPLE, '--schedule', inFolder('missing'))).toMatch(
      /missing: does not exist; give --schedule a file/,
    )
    expect(await refused(EXAMPLE, EXAMPLE, '--schedule', SCHEDULE)).toMatch(/several scenarios/)
    expect(await refused(EXAMPLE, '--schedule', SCHEDULE, '--observations', FOLDER)).toMatch(/both given/)
    const text = readFileSync(SCHEDULE, 'utf8')
    const spoilt = folderWith({
      'steps.json': text.replace('["first",', '["nobody",'),
      'defect.json': text.replace('flush-before-mkclean', 'flush-before-mkclea'),
      'plugin.json': text.replace('"mkwrite"', '"./evil.mjs"'),
      'kernel.json': text.replace('"6.1"', '"2.4"'),
    })
    expect(await refused(EXAMPLE, '--schedule', join(spoilt, 'steps.json'))).toMatch(
      /steps\.json: found step 1 of nobody, expected one of @t1, first, CPU/,
    )
    expect(await refused(EXAMPLE, '--schedule', join(spoilt, 'defect.json'))).toMatch(
      /unknown defect .* did you mean 'flush-before-mkclean'\?/,
    )
    expect(await refused(EXAMPLE, '--schedule', join(spoilt, 'plugin.json'))).toMatch(
      /which is not built in; give its path with --strategy/,
    )
    expect(await refused(EXAMPLE, '--schedule', join(spoilt, 'kernel.json'))).toMatch(/unknown kernel '2\.4'/)
  })
})

describe('what cannot be checked is refused in exit code 2, with one line', () => {
  it.each([
    [[inFolder('missing.scn')], /missing\.scn: does not exist; /],
    [[inFolder('sequential.scn')], /sequential\.scn: found no parallel line, expected .*; write one, as /],
    [
      [inFolder('no-thread.scn')],
      /no-thread\.scn:2:12: line 2: found '@t1', expected a child or a thread made above; /,
    ],
    [[inFolder('nothing.scn')], /nothing\.scn: found line 3: 'finally leaf m 0 rw', which names nothing, /],
    [[inFolder('frozen.scn')], /frozen\.scn: found line 4: 'store m 0' would block for ever: /],
    [[inFolder('six.scn')], /six\.scn: found 6 threads, .*expected 1 to 5 threads/],
    [[EXAMPLE, '--kernel', '7'], /check: unknown kernel '7'/],
    [[EXAMPLE, '--strategy', 'mkwrit'], /check: unknown strategy 'mkwrit'; did you mean 'mkwrite'\?/],
    [[EXAMPLE, '--invariants', 'I99'], /check: unknown invariant 'I99'; did you mean 'I9'\?/],
    [[EXAMPLE, '--invariants', 'I13,,I9'], /check: unknown invariant ''; choose among I/],
    [[EXAMPLE, '--invariants', 'I13,all'], /check: unknown invariant 'all'/],
    [
      [EXAMPLE, '--defect', 'flush-before-mkclen'],
      /check: unknown defect 'flush-before-mkclen'; did you mean 'flush-before-mkclean'\?/,
    ],
    [
      [EXAMPLE, '--preemptions', '1', '--random', '5'],
      /check: --preemptions and --random are both given; give one of them/,
    ],
    [[EXAMPLE, '--seed', '5'], /check: --seed is given without --random; give both/],
    [[EXAMPLE, '--preemptions', '-1'], /check: --preemptions '-1'; give a whole number from 0 to 1000/],
    [[EXAMPLE, '--preemptions', '1001'], /--preemptions '1001'/],
    [[EXAMPLE, '--random', '0'], /--random '0'; give a whole number from 1 to 1000000000/],
    [
      [EXAMPLE, '--random', '1', '--seed', '4294967296'],
      /--seed '4294967296'; give a whole number from 0 to 4294967295/,
    ],
    [[EXAMPLE, '--max-steps', '1e9'], /--max-steps '1e9'/],
    [[EXAMPLE, '--max-executions', '0'], /--max-executions '0'/],
    [
      [EXAMPLE, '--schedule', '/nowhere/found.json'],
      /\/nowhere\/found\.json: does not exist; give --schedule a file that can be written/,
    ],
    [[EXAMPLE, '--perfetto', FOLDER], /is a folder, not a file; give --perfetto a file that can be written/],
    [[EXAMPLE, EXAMPLE], /check: unexpected /],
  ])('%j', async (words, message) => {
    const { status, stdout, stderr } = await check(...words)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd()).not.toMatch(/\n/)
  })
})

describe('progress', () => {
  const progress = { executions: 4100, steps: 624_800, states: 80_200, depth: 61, fraction: 0.05 }

  it('tells rate, executions, states, depth, how much is done and an estimate', () => {
    expect(progressLine(progress, 2000)).toBe(
      '312,400 steps/s, 4,100 executions, 80,200 states, depth 61, 5.00 %, ~38 s left',
    )
    expect(progressLine({ ...progress, fraction: 0.5 }, 600_000)).toMatch(/, 50 %, ~10 min left$/)
    expect(progressLine({ ...progress, fraction: 0.00001 }, 600_000)).toMatch(/, ~694 days left$/)
    expect(progressLine({ ...progress, fraction: 0 }, 1)).toMatch(/, 0\.00 %$/)
  })

  it('is shown a few times a second, and taken away', () => {
    const shown: (string | null)[] = []
    let now = 0
    const line = new Progress({ progress: (text) => shown.push(text) }, () => now)
    for (now = 0; now < 1000; now += 10) line.show(progress)
    line.end()
    expect(shown).toHaveLength(5)
    expect(shown.at(-1)).toBeNull()
  })
})
