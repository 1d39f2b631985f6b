import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { complaints, layoutOf, Playground } from './layout.ts'

// mm/mmap.c: vma_merge names its cases by a picture; P, N and X are the areas before, after and behind, A is what
// changes. Unless a file stands there, an area is private anonymous memory that nobody has touched.
const LINES = `
  # munmap splits
  rw 0-8 | munmap 0-8 →
  rw 0-8 | munmap 0-2 → rw 2-8
  rw 0-8 | munmap 6-8 → rw 0-6
  rw 0-8 | munmap 3-5 → rw 0-3, rw 5-8
  rw 0-4, r 4-8 | munmap 2-6 → rw 0-2, r 6-8
  rw 0-4, r 6-8 | munmap 2-7 → rw 0-2, r 7-8
  rw a 0-8@4 | munmap 3-5 → rw a 0-3@4, rw a 5-8@9

  # mprotect splits
  rw 0-8 | mprotect 0-8 rw → rw 0-8
  rw 0-8 | mprotect 0-8 r → r 0-8
  rw 0-8 | mprotect 0-2 r → r 0-2, rw 2-8
  rw 0-8 | mprotect 6-8 - → rw 0-6, - 6-8
  rw 0-8 | mprotect 3-5 x → rw 0-3, x 3-5, rw 5-8
  rw 0-4, rw 4-8 | mprotect 2-6 r → rw 0-2, r 2-6, rw 6-8
  rw a 0-8@4 | mprotect 3-5 r → rw a 0-3@4, r a 3-5@7, rw a 5-8@9

  # case 1: AAAA fills the gap between PPPP and NNNN
  rw 0-2, rw 4-6 | mmap 2-4 rw → rw 0-6
  rw a 0-2@0, rw a 4-6@4 | mmap 2-4@2 rw a → rw a 0-6@0
  rw a 0-2@0, rw a 4-6@4, rw a 20-22@2 | move 20-22 2-4 → rw a 0-6@0
  rw 0-2, rw 4-6 | resize 0-2 4 → rw 0-6
  # case 2: only PPPP fits
  rw 0-2, r 4-6 | mmap 2-4 rw → rw 0-4, r 4-6
  rw a 0-2@0, rw a 4-6@9 | mmap 2-4@2 rw a → rw a 0-4@0, rw a 4-6@9
  rw 0-2 | resize 0-2 4 → rw 0-4
  rw 0-2, rw 4-6 | resize 0-2 3 → rw 0-3, rw 4-6
  # case 3: only NNNN fits
  r 0-2, rw 4-6 | mmap 2-4 rw → r 0-2, rw 2-6
  rw a 0-2@9, rw a 4-6@4 | mmap 2-4@2 rw a → rw a 0-2@9, rw a 2-6@2
  rw a 4-6@4 | mmap 2-4@2 rw a → rw a 2-4@2, rw a 4-6@4
  rw a 4-6@4, rw a 20-22@2 | move 20-22 2-4 → rw a 2-6@2
  # case 4: the end of PPPPPP becomes like NNNNNN
  rw 0-8 | mprotect 4-8 r ; mprotect 2-4 r → rw 0-2, r 2-8
  rw a 0-4@0, r a 4-8@4 | mprotect 2-4 r → rw a 0-2@0, r a 2-8@2
  # case 5: the beginning of NNNNNN becomes like PPPPPP
  rw 0-4, r 4-8 | mprotect 4-6 rw → rw 0-6, r 6-8
  rw a 0-4@0, r a 4-8@4 | mprotect 4-6 rw → rw a 0-6@0, r a 6-8@6
  # case 6: NNNN becomes like PPPP and XXXX around it
  rw 0-4, r 4-8, rw 8-12 | mprotect 4-8 rw → rw 0-12
  rw a 0-4@0, r a 4-8@4, rw a 8-12@8 | mprotect 4-8 rw → rw a 0-12@0
  # case 7: like PPPP only
  rw 0-4, r 4-8 | mprotect 4-8 rw → rw 0-8
  rw 0-4, r 4-8, x 8-12 | mprotect 4-8 rw → rw 0-8, x 8-12
  rw a 0-4@0, r a 4-8@4, rw a 8-12@20 | mprotect 4-8 rw → rw a 0-8@0, rw a 8-12@20
  # case 8: like XXXX only
  x 0-4, r 4-8, rw 8-12 | mprotect 4-8 rw → x 0-4, rw 4-12
  rw a 0-4@20, r a 4-8@4, rw a 8-12@8 | mprotect 4-8 rw → rw a 0-4@20, rw a 4-12@4
  r 4-8, rw 8-12 | mprotect 4-8 rw → rw 4-12

  # over several areas at once
  r 0-4, rw 4-8, x 8-12 | mprotect 0-12 rw → rw 0-12
  r 0-4, x 8-12 | mmap 4-8 - ; mprotect 2-10 - → r 0-2, - 2-10, x 10-12

  # what keeps areas apart: file, offset, kind, flags
  rw a 0-2@0 | mmap 2-4@2 rw b → rw a 0-2@0, rw b 2-4@2
  rw a 0-2@0 | mmap 2-4@3 rw a → rw a 0-2@0, rw a 2-4@3
  rw a 0-2@0 | mmap 2-4@2 rw p:a → rw a 0-2@0, rw p:a 2-4@2
  rw 0-2 | mmap 2-4@2 rw p:a → rw 0-2, rw p:a 2-4@2
  rw 0-2 dontfork | mmap 2-4 rw → rw 0-2 dontfork, rw 2-4
  rw 0-2 locked | mmap 2-4 rw → rw 0-2 locked, rw 2-4
  # what was writable stays accounted (VM_ACCOUNT), so it is not like what never was
  rw 0-4, r 4-8 | mprotect 2-4 r → rw 0-2, r 2-4, r 4-8
  r 0-4, rw 4-8 | mprotect 4-8 r → r 0-4, r 4-8

  # madvise and mlock split and merge the same way
  rw 0-8 | dontfork 2-4 → rw 0-2, rw 2-4 dontfork, rw 4-8
  rw 0-8 | dontfork 2-4 ; dofork 2-4 → rw 0-8
  rw 0-8 | dontfork 2-4 ; dontfork 4-6 → rw 0-2, rw 2-6 dontfork, rw 6-8
  rw 0-8 | nohuge 0-4 → rw 0-4 nohuge, rw 4-8
  rw 0-8 | locked 2-4 → rw 0-2, rw 2-4 locked, rw 4-8
  rw 0-8 | locked 2-4 ; locked 4-8 → rw 0-2, rw 2-8 locked
  # a DAX area is never locked
  rw a 0-8@0 | locked 2-4 → rw a 0-8@0

  # mmap over what is there
  rw 0-8 | mmap 2-6 r → rw 0-2, r 2-6, rw 6-8
  rw 0-8 | mmap 2-6 rw → rw 0-8
  r 0-4, rw 4-8 | mmap 2-6 rw → r 0-2, rw 2-8
  rw a 0-8@0 | mmap 2-6@2 rw a → rw a 0-8@0
  rw a 0-8@0 | mmap 2-6@9 rw a → rw a 0-2@0, rw a 2-6@9, rw a 6-8@6

  # mremap: shrink, move, grow while moving
  rw 0-8 | resize 0-8 3 → rw 0-3
  rw 0-8 | resize 2-6 1 → rw 0-3, rw 6-8
  rw 0-4 | move 0-4 20-24 → rw 20-24
  rw 0-8 | move 2-4 20-22 → rw 0-2, rw 4-8, rw 20-22
  rw 0-8 | move 2-4 20-26 → rw 0-2, rw 4-8, rw 20-26
  rw 0-8 | move 2-6 20-22 → rw 0-2, rw 6-8, rw 20-22
  rw a 0-8@0 | move 2-4 20-22 → rw a 0-2@0, rw a 4-8@4, rw a 20-22@2
  rw a 0-4@0 | move 0-4 20-24 ; move 20-24 0-4 → rw a 0-4@0
  rw a 0-8@0 | move 2-4 20-22 ; move 20-22 2-4 → rw a 0-8@0
  rw 0-8 | move 2-4 20-22 ; move 20-22 2-4 → rw 0-8
  rw 0-4, r 20-24 | move 0-2 21-23 → rw 2-4, r 20-21, rw 21-23, r 23-24

  # moved pages keep their offset, so that what came from elsewhere is not merged
  rw 0-4, rw 20-24 | store 0 ; move 0-4 16-20 → rw 16-20, rw 20-24
  rw 0-4, rw 20-24 | move 0-4 16-20 → rw 16-24

  # private pages on both sides keep areas apart, unless they are of one kind
  rw 0-2, rw 4-6 | store 0 ; store 4 ; mmap 2-4 rw → rw 0-2, rw 2-6
  rw 0-2, rw 4-6 | store 0 ; mmap 2-4 rw → rw 0-6
  # mmap looks at NNNN first, and PPPP without an anon_vma does not take over its
  rw 0-2, rw 4-6 | store 4 ; mmap 2-4 rw → rw 0-2, rw 2-6
  rw 0-4, r 4-8 | store 0 ; mprotect 4-8 rw → rw 0-8
  rw 0-8 | store 0 ; mprotect 4-8 r ; mprotect 4-8 rw → rw 0-8
  rw 0-8 | mprotect 4-8 r ; store 0 ; mprotect 4-8 rw ; store 4 → rw 0-8
`

const lines = LINES.split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'))

describe.each(forms)('areas in the %s form', (_form, k) => {
  it.each(lines)('%s', (line) => {
    const [, before, calls, after] = /^(.*?) \| (.*?) →\s*(.*)$/.exec(line)!
    const playground = new Playground(k)
    playground.setUp(before!)
    for (const call of calls!.split(' ; ')) expect(playground.call(call), call).toBeGreaterThanOrEqual(0)
    const { task } = playground.world
    expect(layoutOf(task)).toBe(after)
    expect(complaints(task)).toEqual([])
  })
})
