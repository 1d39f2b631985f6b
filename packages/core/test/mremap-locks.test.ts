import { MREMAP_FIXED, MREMAP_MAYMOVE, STEP_ENTRY_WRITE } from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { describe, expect, it } from 'vitest'
import { Run } from './interleave.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapFile, PAGE } from './world.ts'

/*
 * Who walks the areas of a file in order, as writeback does, must meet an entry that moves at one place at least: at the new one
 * if that comes later in the walk. Else, and where a whole table moves, mremap keeps walks out (mm/mremap.c: move_ptes,
 * move_pgt_entry, 6.1).
 */
describe('mremap, while it moves entries', () => {
  it.each([
    ['to an area of its own, which comes later', { first: 8, pgoff: 2, pages: 2, to: 20 }, false],
    ['to an area that it merges with, and that comes earlier', { first: 8, pgoff: 2, pages: 2, to: 2 }, true],
    ['as a whole table', { first: 256, pgoff: 256, pages: 512, to: 256 + 2048 }, true],
  ])('%s', (_how, { first, pgoff, pages, to }, keepsOut) => {
    const { machine, task } = createWorld({ cpus: 1 })
    const file = new TinyFile({ pages: 1024 })
    mapFile(plain, task, file, { pages: 2 })
    mapFile(plain, task, file, { first, pgoff, pages })
    plain.store(task, at(first), 1)
    const { iMmapRwsem } = file.mapping
    const run = new Run(
      steps.mremap(task, at(first), pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(to)),
    ).to(STEP_ENTRY_WRITE)
    expect(run.done).toBe(false)
    expect(iMmapRwsem.writer).toBe(keepsOut ? task : null)
    // A walk waits, or goes on at once.
    const walk = new Run(steps.downRead(machine.addTask(task.mm, 0), iMmapRwsem)).on()
    expect(walk.isBlocked).toBe(keepsOut)
    if (walk.done) iMmapRwsem.readers = 0
    expect([run.on().result, leaf(task, at(first))]).toEqual([at(to), 'none'])
    expect(leaf(task, at(to))).not.toBe('none')
    expect(iMmapRwsem.writer).toBe(null)
    expect(walk.on().done).toBe(true)
  })
})
