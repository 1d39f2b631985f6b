import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CLI, folderWith, mmModelProgram, ROOT } from './mm-model.ts'

/*
 * What takes worker threads, and so the built program: the search in several of them, in shards, and stopped by Ctrl-C.
 */

const FOLDER = folderWith({
  'two.scn':
    'create a 8k\nmmap m a 0 8k rw shared\nload m 0x1000\nthread t1\n@t1 store m 0 1 || store m 0 2 ; fsync a\n',
  'three.scn':
    'create a 4k\nmmap m a 0 4k rw shared\nthread t1\nthread t2\n@t1 store m 0 1 || @t2 store m 0 2 || store m 0 3\n',
})
const TWO = join(FOLDER, 'two.scn')
const THREE = join(FOLDER, 'three.scn')
const FLAGS = ['--defect', 'writeback-waits-for-locked']

describe('check', () => {
  it('says the same in two threads as in one', () => {
    const { status, stdout } = mmModelProgram('check', TWO, ...FLAGS, '--jobs', '2')
    expect(stdout.split('\n')[1]).toBe('holds in all interleavings')
    expect(status).toBe(0)
    const words = ['check', join(ROOT, 'examples/writer-and-fsync.scn'), '--defect', 'flush-before-mkclean']
    const wrong = mmModelProgram(...words, '--jobs', '2')
    expect(wrong.status).toBe(1)
    // Up to what the search came through.
    const shown = (text: string): string => text.slice(0, text.lastIndexOf('\n', text.length - 2))
    expect(shown(wrong.stdout)).toBe(shown(mmModelProgram(...words).stdout))
  })

  it('divides a search that takes longer, and keeps to its limits together', { timeout: 240_000 }, () => {
    const words = ['check', THREE, '--strategy', 'fallthrough', '--json']
    const limited = mmModelProgram(...words, '--jobs', '2', '--max-steps', '200000')
    expect(limited.status).toBe(3)
    const found = JSON.parse(limited.stdout)
    expect(found.verdict).toMatch(/^not exhausted: \d+ steps.* in one of 2 jobs$/)
    expect(found.steps).toBeLessThanOrEqual(200_000)
    expect(found.steps).toBeGreaterThan(150_000)
  })

  it('says the same in shards, once all are there', () => {
    const files = [1, 2].map((index) => {
      const { stdout, status } = mmModelProgram('check', TWO, ...FLAGS, '--shard', `${index}/2`, '--json')
      expect(status).toBe(0)
      const file = join(FOLDER, `${index}.json`)
      writeFileSync(file, stdout)
      return file
    })
    const { stdout, status } = mmModelProgram('check', 'merge', ...files)
    expect(stdout.split('\n').slice(0, 2)).toEqual(['two  2 shards', 'holds in all interleavings'])
    expect(status).toBe(0)
    const one = mmModelProgram('check', 'merge', files[0]!)
    expect([one.status, one.stderr]).toEqual([
      2,
      'mm-model: check merge: shard 2 of 2 is missing; run it, and give what it printed, too\n',
    ])
  })

  it('leaves a file to go on from when it is stopped', { timeout: 120_000 }, async () => {
    // Three writers on a hole without remembered states take long enough to be stopped.
    const words = ['check', join(FOLDER, 'three.scn'), '--max-states', '0', '--strategy', 'fallthrough']
    const child = spawn(process.execPath, [CLI, ...words], { cwd: FOLDER })
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
    setTimeout(() => child.kill('SIGINT'), 8000)
    expect(await ended).toBe(3)
    const file = join(FOLDER, 'three.resume.json')
    expect(existsSync(file)).toBe(true)
    const { search, checkpoint } = JSON.parse(readFileSync(file, 'utf8'))
    expect(search).toMatch(/^[0-9a-f]{16}$/)
    expect(checkpoint.counts.steps).toBeGreaterThan(1000)
    // It is of that search only.
    const other = mmModelProgram('check', TWO, '--resume', file)
    expect(other.status).toBe(2)
    expect(other.stderr).toContain('is of another search')
    // It can be gone on with, here only for a while: the steps before count.
    const { status, stdout } = mmModelProgram(...words, '--max-executions', '10', '--resume', file)
    expect([status, stdout.split('\n')[1]]).toEqual([
      3,
      expect.stringMatching(/^not exhausted: [\d,]+ executions$/),
    ])
  })

  it.each([
    [['--jobs', '0'], "--jobs '0'"],
    [['--shard', '3/2'], "--shard '3/2'"],
    [['--jobs', '2', '--random', '5'], '--jobs, --shard and --resume'],
    [['--resume', 'no-such-file.json'], 'does not exist'],
  ])('refuses %j', (flags, complaint) => {
    const { status, stderr } = mmModelProgram('check', TWO, ...flags)
    expect([status, stderr]).toEqual([2, expect.stringContaining(complaint)])
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
