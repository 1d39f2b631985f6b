import { type Operation, type OperationWords, PROT_EXEC, PROT_READ, PROT_WRITE } from './syntax.ts'

/**
 * Writes an operation as a line of the language, every word spelled out, sizes in hex. Parsing the line gives the
 * operation again; its `text` and `line` are not looked at.
 */
export function formatOperation(operation: OperationWords & Pick<Operation, 'child'>): string {
  const words = operationWords(operation).join(' ')
  return operation.child === null ? words : `@${operation.child} ${words}`
}

function operationWords(o: OperationWords): readonly (string | number)[] {
  switch (o.op) {
    case 'create':
    case 'truncate':
      return [o.op, o.file, hex(o.size)]
    case 'reopen':
      return [o.op, o.file, o.mode]
    case 'fill':
      return [o.op, o.file, hex(o.offset), hex(o.length), o.byte]
    case 'pread':
      return [o.op, o.file, hex(o.offset)]
    case 'falloc':
    case 'punch':
      return [o.op, o.file, hex(o.offset), hex(o.length)]
    case 'reflink':
      return [o.op, o.file, o.to]
    case 'fsync':
      return [o.op, o.file]
    case 'freeze':
    case 'thaw':
      return [o.op]
    case 'mmap': {
      const flags = [...(o.populate ? ['populate'] : []), ...(o.locked ? ['locked'] : [])]
      return [
        o.op,
        o.map,
        o.file ?? 'anon',
        hex(o.offset),
        hex(o.length),
        formatProtection(o.prot),
        o.kind,
        ...flags,
      ]
    }
    case 'load':
      return [o.op, o.map, hex(o.offset)]
    case 'store':
      return [o.op, o.map, hex(o.offset), o.byte]
    case 'munmap':
    case 'mlock':
      return [o.op, o.map, hex(o.offset), hex(o.length)]
    case 'mprotect':
      return [o.op, o.map, hex(o.offset), hex(o.length), formatProtection(o.prot)]
    case 'msync':
      return [o.op, o.map, hex(o.offset), hex(o.length), o.mode]
    case 'madvise':
      return [o.op, o.map, hex(o.offset), hex(o.length), o.advice]
    case 'mremap':
      return [o.op, o.map, hex(o.offset), hex(o.oldLength), hex(o.newLength), o.mode]
    case 'fork':
      return [o.op, o.childName]
    case 'sleep':
      return [o.op, o.ms]
  }
}

/** `PROT` bits as letters of `rwx`, or `-` for none. */
function formatProtection(prot: number): string {
  const letters = `${prot & PROT_READ ? 'r' : ''}${prot & PROT_WRITE ? 'w' : ''}${prot & PROT_EXEC ? 'x' : ''}`
  return letters === '' ? '-' : letters
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
