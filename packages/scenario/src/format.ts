import {
  type Assertion,
  type AssertionWords,
  type Branch,
  type Operation,
  type OperationWords,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type SingleWords,
} from './syntax.ts'

/**
 * Writes an operation as a line of the language, every word spelled out, sizes in hex. Parsing the line gives the
 * operation again; its `text` and `line` are not looked at.
 */
export function formatOperation(operation: OperationWords & Pick<Operation, 'who'>): string {
  if (operation.op !== 'parallel') return `${by(operation.who)}${operationWords(operation).join(' ')}`
  const branches = operation.branches.map(formatBranch)
  // One alone may have no separator that says what line it is.
  return branches.length === 1 ? `|| ${branches[0]}` : branches.join(' || ')
}

function formatBranch({ who, ops }: Branch): string {
  return `${by(who)}${ops.map((operation) => operationWords(operation).join(' ')).join(' ; ')}`
}

/** The same for an assertion. */
export function formatAssertion(assertion: AssertionWords & Pick<Assertion, 'who' | 'when'>): string {
  return `${by(assertion.who)}${[assertion.when, ...assertionWords(assertion)].join(' ')}`
}

function by(who: string | null): string {
  return who === null ? '' : `@${who} `
}

function assertionWords(a: AssertionWords): readonly (string | number)[] {
  const oneOf = a.oneOf.join('|')
  switch (a.what) {
    case 'byte':
    case 'durable':
      return [a.what, a.file, hex(a.offset), oneOf]
    case 'entry':
      return [a.what, a.file, a.page, oneOf]
    case 'leaf':
      return [a.what, a.map, hex(a.offset), oneOf]
    case 'size':
      return [a.what, a.file, oneOf]
    case 'result':
      return [a.what, a.operation, oneOf]
  }
}

function operationWords(o: SingleWords): readonly (string | number)[] {
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
    case 'drop_caches':
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
    case 'poke':
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
    case 'thread':
      return [o.op, o.threadName]
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
