/**
 * Address spaces and what changes them, in one line: `rw 0-4, r 4-8 | mprotect 4-8 rw → rw 0-8`.
 *
 * A layout is areas with a comma between them: letters of the protection (`-` for none), what it maps (nothing for
 * private anonymous memory; `a` for a shared, `p:a` for a private mapping of file `a`), the pages of the playground,
 * `@` and a page of the file, and words for flags: `locked`, `dontfork`, `nohuge`. After the bar come calls with
 * semicolons between them.
 */

import {
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_NOHUGEPAGE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  type Task,
  VM_DONTCOPY,
  VM_EXEC,
  VM_LOCKED,
  VM_NOHUGEPAGE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  type Vma,
} from '@mm-model/core'
import type { Calls } from './forms.ts'
import { TinyFile } from './tiny-file.ts'
import { at, BASE, createWorld, PAGE, protOf, type World } from './world.ts'

const FLAGS: readonly (readonly [number, string])[] = [
  [VM_LOCKED, 'locked'],
  [VM_DONTCOPY, 'dontfork'],
  [VM_NOHUGEPAGE, 'nohuge'],
]

/** The areas of an address space in the notation. */
export function layoutOf(t: Task): string {
  return Array.from(t.mm.areas, describeArea).join(', ')
}

function describeArea(vma: Vma): string {
  const letters = [
    [VM_READ, 'r'],
    [VM_WRITE, 'w'],
    [VM_EXEC, 'x'],
  ] as const
  const prot = letters.map(([bit, letter]) => ((vma.vmFlags & bit) !== 0 ? letter : '')).join('')
  const page = (address: number): number => (address - BASE) / PAGE
  const words = [prot || '-']
  if (vma.vmFile !== null) words.push(`${(vma.vmFlags & VM_SHARED) === 0 ? 'p:' : ''}${vma.vmFile.name}`)
  words.push(`${page(vma.vmStart)}-${page(vma.vmEnd)}${vma.vmFile === null ? '' : `@${vma.vmPgoff}`}`)
  for (const [bit, name] of FLAGS) if ((vma.vmFlags & bit) !== 0) words.push(name)
  return words.join(' ')
}

interface Range {
  readonly start: number
  readonly length: number
  readonly pgoff: number
}

function range(word: string): Range {
  const [, first, last, pgoff] = /^(-?\d+)-(-?\d+)(?:@(\d+))?$/.exec(word) ?? []
  if (first === undefined) throw new Error(`not a range: ${word}`)
  return {
    start: at(Number(first)),
    length: (Number(last) - Number(first)) * PAGE,
    pgoff: Number(pgoff ?? 0),
  }
}

/** A world whose task runs lines of the notation. */
export class Playground {
  readonly world: World
  readonly #k: Calls
  readonly #files: Map<string, TinyFile> = new Map()

  constructor(k: Calls, options: Parameters<typeof createWorld>[0] = {}) {
    this.#k = k
    this.world = createWorld(options)
  }

  file(name: string): TinyFile {
    let file = this.#files.get(name)
    if (file === undefined) {
      file = new TinyFile({ name, pages: 64, block: 64 * this.#files.size })
      this.#files.set(name, file)
    }
    return file
  }

  /** Makes the areas of a layout. */
  setUp(layout: string): void {
    for (const area of layout.split(',').map((text) => text.trim())) if (area !== '') this.#area(area)
  }

  #area(text: string): void {
    const [prot, ...rest] = text.split(' ')
    const file = /^\d/.test(rest[0]!) ? undefined : rest.shift()
    const [where, ...flags] = rest
    this.call(`mmap ${where} ${prot}${file === undefined ? '' : ` ${file}`}`)
    for (const flag of flags) this.call(`${flag} ${where!.replace(/@.*/, '')}`)
  }

  /** One call; what it answers. */
  call(text: string): number {
    const k = this.#k
    const t = this.world.task
    const [op, where, ...rest] = text.trim().split(' ')
    if (op === 'store') return k.store(t, at(Number(where)), 1)
    if (op === 'load') return k.load(t, at(Number(where)))
    const { start, length, pgoff } = range(where!)
    switch (op) {
      case 'mmap':
        return this.#mmap(start, length, pgoff, rest)
      case 'munmap':
        return k.munmap(t, start, length)
      case 'mprotect':
        return k.mprotect(t, start, length, protOf(rest[0]!))
      case 'locked':
        return k.mlock(t, start, length)
      case 'dontfork':
        return k.madvise(t, start, length, MADV_DONTFORK)
      case 'dofork':
        return k.madvise(t, start, length, MADV_DOFORK)
      case 'nohuge':
        return k.madvise(t, start, length, MADV_NOHUGEPAGE)
      case 'move': {
        const to = range(rest[0]!)
        return k.mremap(t, start, length, to.length, MREMAP_MAYMOVE | MREMAP_FIXED, to.start)
      }
      case 'resize':
        return k.mremap(t, start, length, Number(rest[0]) * PAGE, 0, 0)
      default:
        throw new Error(`no such call: ${text}`)
    }
  }

  #mmap(address: number, length: number, pgoff: number, [prot, target]: string[]): number {
    const request = { address, length, prot: protOf(prot!), offset: pgoff * PAGE }
    if (target === undefined) {
      const flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS
      return this.#k.mmap(this.world.task, { ...request, flags, file: null, offset: 0 })
    }
    const [, isPrivate, name] = /^(p:)?(\w+)$/.exec(target)!
    const flags = MAP_FIXED | (isPrivate === undefined ? MAP_SHARED : MAP_PRIVATE)
    return this.#k.mmap(this.world.task, { ...request, flags, file: this.file(name!) })
  }
}

/** What must hold of every address space, whatever was done to it; each complaint one line. */
export function complaints(t: Task): string[] {
  const found: string[] = []
  let pages = 0
  let end = 0
  for (const vma of t.mm.areas) {
    const name = describeArea(vma)
    if (vma.vmStart < end) found.push(`${name} overlaps what is below it`)
    if (vma.vmEnd <= vma.vmStart) found.push(`${name} is empty`)
    if (vma.vmMm !== t.mm) found.push(`${name} is of another address space`)
    if (vma.vmFile !== null && vma.vmFile.mapping.iMmap.filter((other) => other === vma).length !== 1) {
      found.push(`${name} is not once among the areas of its file`)
    }
    if (vma.anonVma !== null && !vma.anonVmaChain.includes(vma.anonVma)) {
      found.push(`${name} has an anon_vma that it does not hang on`)
    }
    end = vma.vmEnd
    pages += (vma.vmEnd - vma.vmStart) / PAGE
  }
  if (pages !== t.mm.totalVm) found.push(`total_vm is ${t.mm.totalVm}, areas have ${pages} pages`)
  return found
}
