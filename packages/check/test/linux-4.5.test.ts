import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  assertionsOf,
  type Counterexample,
  explore,
  invariants,
  programOf,
  type StateInvariant,
} from '@mm-model/check'
import { kernel45, type StrategyDefinition } from '@mm-model/core'
import { parseScenario } from '@mm-model/scenario'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { retry } from '@mm-model/strategy-retry'
import { describe, expect, it } from 'vitest'

/*
 * The programs of the discussion on the kernel of its time: which rules it breaks, one search for each until the rest holds in
 * every interleaving.
 */

/** Counterexamples by rule, found one after the other, and what the last search said without those rules. */
function broken(
  text: string,
  strategy: StrategyDefinition = retry,
): { found: Map<string, Counterexample>; outcome: string } {
  const scenario = parseScenario(text, { name: 'program' })
  const program = programOf(scenario, { kernel: '4.5', fs: 'ext4', strategy })
  let rules: StateInvariant[] = [...invariants, ...assertionsOf(scenario)]
  const found = new Map<string, Counterexample>()
  for (;;) {
    const { outcome, counterexample } = explore(program, { invariants: rules })
    if (counterexample === null || found.has(counterexample.name)) return { found, outcome }
    found.set(counterexample.name, counterexample)
    rules = rules.filter(({ name }) => name !== counterexample.name)
  }
}

function programNamed(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', 'programs', `${name}.scn`), 'utf8')
}

describe('Linux 4.5', () => {
  describe.each([retry, mkwrite])('with $name', (strategy) => {
    it.each([
      ['two-writers', []],
      ['writer-and-truncate', []],
      ['writer-and-mprotect', []],
      ['writer-and-munmap', []],
      // dax_writeback_one flushes and write-protects nothing.
      ['writer-and-fsync', ['I21']],
      ['writer-fsync-and-truncate', ['I21']],
      // freeze_super writes back, and with that nothing is write-protected either.
      ['writer-and-freeze', ['I21', 'I34']],
      ['writer-and-power-failure', ['I21', 'line 7']],
    ])('breaks in %s the rules %j and no others', (name, expected) => {
      const { found, outcome } = broken(programNamed(name), strategy)
      expect([...found.keys()]).toEqual(expected)
      expect(outcome).toBe('holds')
      const unheld = Object.keys(kernel45.unheldInvariants)
      expect(expected.filter((rule) => !rule.startsWith('line') && !unheld.includes(rule))).toEqual([])
    })
  })

  it('kills a store to a hole when a load of the hole comes between its block and its entry', () => {
    // dax_load_hole has found no block, and adds its page to the tree; dax_radix_entry finds that, and answers -EIO.
    const { found, outcome } = broken(
      [
        'create a 4k',
        'mmap m a 0 4k rw shared',
        'thread t1',
        '@t1 finally result 1 0',
        'load m 0 || @t1 store m 0 7',
        '',
      ].join('\n'),
    )
    expect([...found.keys()]).toEqual(['line 4'])
    expect(found.get('line 4')!.message).toMatch(/SIGBUS/)
    expect(outcome).toBe('holds')
  })

  it('loses a store of which an fsync says that it is durable, when another takes the tag of the second', () => {
    // dax_writeback_one clears TOWRITE after a flush that began before the second fsync set it again, for its own store.
    const { found } = broken(
      [
        'create a 4k',
        'fsync a',
        'mmap m a 0 4k rw shared',
        'thread t1',
        '@t1 fsync a || store m 0 7 ; fsync a',
        '',
      ].join('\n'),
    )
    expect([...found.keys()]).toEqual(['I21', 'I23'])
  })

  it('loses a store whose entry write(2) has dropped, because of a hole that was loaded', () => {
    // invalidate_inode_pages2_range takes the entries of its range, tagged or not, and unmaps pages of the page cache alone.
    const { found } = broken(
      [
        'create a 8k',
        'fill a 0 4k 3',
        'mmap m a 0 8k rw shared',
        'load m 4k',
        'thread t1',
        'store m 0 1 ; fsync a || @t1 fill a 0 1 5',
        '',
      ].join('\n'),
    )
    expect([...found.keys()].toSorted()).toEqual(['I13', 'I19', 'I21', 'I23', 'I49'])
  })
})
