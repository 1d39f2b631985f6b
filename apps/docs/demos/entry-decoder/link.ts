import type { Level } from '@mm-model/pgprot'
import { existingLevel, formatOf, offered } from './configurations.ts'
import { type DecoderState, EMPTY } from './state.ts'

const LEVELS: readonly Level[] = ['pte', 'pmd', 'pud', 'p4d', 'pgd']

/** A state as the part of a link after `#`, short and readable: `arch=x86-64&level=pte&text=0x67`. */
export function toHash({ arch, level, text, at, edits }: DecoderState): string {
  const parts = [`arch=${arch}`, `level=${level}`, `text=${readable(text)}`]
  if (at > 0) parts.push(`at=${at + 1}`)
  if (edits.size > 0) {
    const list = [...edits]
      .sort(([a], [b]) => a - b)
      .map(([index, value]) => `${index + 1}:0x${value.toString(16)}`)
    parts.push(`now=${list.join(',')}`)
  }
  return parts.join('&')
}

/** The state in a link, or `null` if it holds none. Parts that make no sense are left out. */
export function fromHash(hash: string): DecoderState | null {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const text = parts.get('text')
  if (text === null) return null
  const arch = offered(parts.get('arch') ?? EMPTY.arch) ?? EMPTY.arch
  const named = LEVELS.find((level) => level === parts.get('level')) ?? EMPTY.level
  const edits = new Map<number, bigint>()
  for (const edit of (parts.get('now') ?? '').split(',')) {
    const [, index, value] = /^([1-9]\d{0,5}):(0x[0-9a-f]{1,16})$/i.exec(edit) ?? []
    if (index !== undefined && value !== undefined) edits.set(Number(index) - 1, BigInt(value))
  }
  const at = /^[1-9]\d{0,5}$/.test(parts.get('at') ?? '') ? Number(parts.get('at')) - 1 : 0
  return { arch, level: existingLevel(formatOf(arch), named), text, at, edits }
}

/** What a query needs escaped, and no more: dumps stay readable in a link. */
function readable(text: string): string {
  return encodeURIComponent(text.replace(/\r\n?/g, '\n'))
    .replace(/%20/g, '+')
    .replace(/%(?:3A|3D|2C|40|2F|5B|5D)/g, decodeURIComponent)
}
