/**
 * A combination as a program in the scenario language, which anybody can run again.
 * @module
 */

import { parseScenario, type Scenario } from '@mm-model/scenario'
import { type Combination, nameOf } from './combination.ts'

/** The place that is accessed: not at the beginning of a page, nor of the file. */
const PLACE = 0x1008
/** Bytes of the file and of the mapping. */
const LENGTHS = { '4k': '16k', '2m': '2m' } as const

export interface Program {
  readonly scenario: Scenario
  /** The text, as a file would hold it. */
  readonly text: string
  /** Indices in `scenario.ops` of the first access: a load, a store, or both. */
  readonly first: readonly number[]
  /** Of the access that the combination is about: the first one, or the one after what is around it. */
  readonly accesses: readonly number[]
}

/**
 * The program: a file with such blocks, all of it durable, except under `MAP_SYNC`, where a fault has to see to that; a
 * mapping; the access; what is around it, and the access again; then everything is looked at, flushed and unmapped.
 */
export function programOf(c: Combination): Program {
  const lines: string[] = []
  const length = LENGTHS[c.size]
  const mapped = c.prot === 'none' ? '-' : c.prot
  const say = (...more: string[]): void => {
    lines.push(...more)
  }
  const access = (child: string, byte: number): number[] =>
    (c.access === 'load-store' ? ['load', 'store'] : [c.access]).map((word) => {
      say(`${child}${word} m ${hex(PLACE)}${word === 'store' ? ` ${byte}` : ''}`)
      return lines.length - 1
    })
  say(`create a ${length}`)
  if (c.block === 'unwritten') say(`falloc a 0 ${length}`)
  // Only the pages that are looked at hold anything: what a program costs is mostly its bytes.
  if (c.block === 'written' || c.block === 'reflinked')
    say(...(c.size === '2m' ? [`fill a 0 ${length} 0`, 'fill a 0 16k'] : [`fill a 0 ${length}`]))
  if (c.block === 'reflinked') say(`create b ${length}`, 'reflink a b')
  if (c.around !== 'map-sync') say('fsync a')
  say(`mmap m a 0 ${length} ${mapped} ${c.around === 'map-sync' ? 'sync' : c.area}`)
  const first = access('', 1)
  let accesses = first
  switch (c.around) {
    case 'nothing':
    case 'map-sync':
      break
    case 'fork':
      say('fork c')
      accesses = access('@c ', 2)
      say(`@c load m ${hex(PLACE)}`, `load m ${hex(PLACE)}`)
      break
    case 'mprotect':
      say(`mprotect m 0 ${length} r`, `store m ${hex(PLACE)} 3`, `mprotect m 0 ${length} ${mapped}`)
      break
    case 'freeze':
      say('freeze', `load m ${hex(PLACE)}`, `load m ${hex(PLACE + 4096)}`, 'thaw')
      break
    case 'fsync':
      say('fsync a')
      break
  }
  const again = access('', 4)
  if (c.around === 'mprotect' || c.around === 'freeze' || c.around === 'fsync') accesses = again
  say(`load m ${hex(PLACE)}`, `load m ${hex(PLACE + 4096)}`, `pread a ${hex(PLACE)}`)
  if (c.block === 'reflinked') say(`pread b ${hex(PLACE)}`)
  say(`msync m 0 ${length}`)
  access('', 5)
  say(`munmap m 0 ${length}`, 'fsync a', `pread a ${hex(PLACE)}`)
  const text = `# ${nameOf(c)}\n${lines.join('\n')}\n`
  return { scenario: parseScenario(text, { name: nameOf(c) }), text, first, accesses }
}

function hex(n: number): string {
  return `0x${n.toString(16)}`
}
