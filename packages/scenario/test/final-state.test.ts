import { finalStateOf, parseObservation, valueDifferences } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { type Folder, recordingNames, recordingText } from './recordings.ts'

function ending(folder: Folder, name: string): ReturnType<typeof finalStateOf> {
  return finalStateOf(parseObservation(recordingText(folder, name)))
}

describe('finalStateOf', () => {
  it('tells entries and areas of each process, and of each file its size and when its times changed last', () => {
    expect(ending('linux-6.1-ext4', '01-hole-write')).toEqual({
      processes: [
        {
          name: 'first process',
          ptes: [],
          vmas: [{ perms: 'rw-s', offset: '0x0', name: 'a', at: 'm0+0x0', len: '0x10000' }],
        },
      ],
      files: [{ name: 'a', size: 8192, blocks: 8, mtime: 'operation 16', ctime: 'operation 16' }],
    })
  })

  it('keeps processes apart, and the areas that a fork is observed without', () => {
    const { processes } = ending('linux-6.1-ext4', 's0000-fork')
    expect(processes.map(({ name, ptes, vmas }) => [name, ptes.length, vmas.length])).toEqual([
      ['first process', 2, 1],
      ['@c1', 2, 1],
    ])
  })

  // What the README of the recordings says.
  it.each<[Folder, boolean]>([
    ['linux-6.1-ext4-fallthrough', true],
    ['linux-6.1-ext4-retry', true],
    ['linux-6.1-ext4-insert-writable', false],
    ['linux-6.1-ext4-readonly-hint', true],
    ['linux-6.1-ext4-deferred-mtime', false],
  ])('%s ends as mkwrite does: %s', (folder, same) => {
    const differing = recordingNames(folder).filter(
      (name) => valueDifferences(ending('linux-6.1-ext4', name), ending(folder, name)).length > 0,
    )
    expect(differing.length === 0).toBe(same)
  })
})

describe('valueDifferences', () => {
  it('are none between two states that are the same JSON', () => {
    expect(valueDifferences({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([])
  })

  it('name the item of a list, and the member in it', () => {
    const entry = { at: 'm+0x0', level: 1, flags: '0x67', frame: 'pmem#0' }
    const left = { processes: [{ name: '@c1', ptes: [entry], vmas: [] }], files: [] }
    const right = { processes: [{ name: '@c1', ptes: [{ ...entry, flags: '0x25' }], vmas: [] }], files: [] }
    expect(valueDifferences(left, right)).toEqual([
      { field: 'processes[@c1].ptes[m+0x0].flags', left: '0x67', right: '0x25' },
    ])
  })
})
