import type { DecodedEntry, EntryFormat } from './format.ts'

const UNITS: readonly string[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** 12 → "4 KiB". */
function size(shift: number): string {
  return `${2 ** (shift % 10)} ${UNITS[Math.floor(shift / 10)]}`
}

/** One plain sentence about an entry that has been taken apart; the entry's halves are at index 0. */
export function describe(
  format: EntryFormat,
  { level, kind, pfn, fields, cache, flags }: Omit<DecodedEntry, 'text'>,
  lo: Uint32Array,
  hi: Uint32Array,
): string {
  const { arch } = format
  if (kind === 'none') return 'Nothing is mapped.'
  if (kind === 'swap') {
    const notes = flags.map((flag) =>
      flag
        .replace(/^(_PAGE|PTE)_(SWP_)?/, '')
        .toLowerCase()
        .replaceAll('_', '-'),
    )
    const noted = notes.length > 0 ? ` (${notes.join(', ')})` : ''
    return `Swap type ${fields.type}, offset 0x${fields.offset!.toString(16)}${noted}: the page is elsewhere.`
  }
  const frame = `frame 0x${pfn!.toString(16)}`
  const number = arch.levelNames.indexOf(level)
  if (kind === 'table') return `Points to the ${arch.levelNames[number - 1]} table in ${frame}.`

  const said: string[] = []
  const say = (yes: boolean, word: string, otherwise = ''): void => {
    const chosen = yes ? word : otherwise
    if (chosen !== '') said.push(chosen)
  }
  const executeOnly = format.executeOnly(lo[0]!, hi[0]!)
  const present = (lo[0]! & 1) !== 0
  if (executeOnly) said.push('execute-only')
  else if (present) {
    say(arch.pteWrite(lo, hi, 0), 'writable', 'read-only')
    say(arch.pteExec(lo, hi, 0), 'executable', 'not executable')
  }
  say(arch.pteYoung(lo, hi, 0), 'accessed', 'not accessed')
  say(arch.pteDirty(lo, hi, 0), 'dirty', 'clean')
  say(arch.pteSoftDirty(lo, hi, 0), 'soft-dirty')
  say(arch.pteUffdWp(lo, hi, 0), 'write-protected by userfaultfd')
  say(number === 0 && arch.pteSpecial(lo, hi, 0), 'special')
  say(arch.pteDevmap(lo, hi, 0), 'device memory (DAX)')
  say((fields.pkey ?? 0) > 0, `protection key ${fields.pkey}`)
  const what = `${size(arch.shifts[number]!)} at ${frame}`
  const reason = arch.pteProtnone(lo, hi, 0) ? 'PROT_NONE or a NUMA hint' : 'a large page being split'
  const user = executeOnly || arch.pteUser(lo, hi, 0)
  const start = present
    ? `Maps ${what} for ${user ? 'user space' : 'the kernel'}`
    : `Keeps ${what}, and nobody may touch it (${reason})`
  return `${start}: ${said.join(', ')}; cache ${cache}.`
}
