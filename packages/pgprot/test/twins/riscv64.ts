import {
  any,
  bits,
  clear,
  exactly,
  make,
  mapTwin,
  modify,
  number,
  same,
  set,
  type Twin,
  type Twins,
  test,
} from './twin.ts'

const [V, R, W, X, U, G, A, D, SPECIAL] = Array.from({ length: 9 }, (_, i) => bits(i)) as [
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
]
const LEAF = R | W | X
const FRAME = bits(10, 53)

/** Memory types: the mask, and what non-cached, write-combining and ordinary memory are. */
const TYPES = {
  svpbmt: { mask: bits(61, 62), io: bits(62), nc: bits(61), pma: 0n },
  none: { mask: 0n, io: 0n, nc: 0n, pma: 0n },
  thead: { mask: bits(59, 63), io: bits(63), nc: 0n, pma: bits(60, 62) },
}

const leaf: Twins = {
  None: exactly(bits(0, 63), 0n),
  Write: any(W),
  Dirty: any(D),
  Young: any(A),
  Exec: any(X),
  User: any(U),
  Mkwrite: set(W),
  Wrprotect: clear(W),
  Mkdirty: set(D),
  Mkclean: clear(D),
  Mkyoung: set(A),
  Mkold: clear(A),
  Mkhuge: set(0n),
}

function named(level: string): Twins {
  return Object.fromEntries(Object.entries(leaf).map(([name, twin]) => [level + name, twin]))
}

const MAP = [
  0x22n,
  0x53n,
  0x53n,
  0x53n,
  0x59n,
  0x5bn,
  0x5bn,
  0x5bn,
  0x22n,
  0x53n,
  0x57n,
  0x57n,
  0x59n,
  0x5bn,
  0x5fn,
  0x5fn,
]

export function twins(memoryTypes: keyof typeof TYPES): Twins {
  const { mask, io, nc, pma } = TYPES[memoryTypes]
  const typed = (prot: bigint): bigint => (mask !== 0n && (prot & mask) === 0n ? prot | pma : prot)
  const keep = bits(0, 63) & ~(V | R | W | X | U | G | mask)
  const modifyTwin = modify((v, prot) => (v & keep) | typed(prot))
  const store: Twin = { kind: 'frame', bits: 44, of: (pfn, prot) => (pfn << 10n) | typed(prot) }
  const untyped: Twin = { kind: 'frame', bits: 44, of: (pfn, prot) => (pfn << 10n) | prot }
  const pfn = (levels: number) =>
    number((v) => (((v & FRAME) >> 10n) >> BigInt(9 * levels)) << BigInt(9 * levels))
  const table: Twin = { kind: 'table', bits: 44, of: (n) => (n << 10n) | V }
  const protnone = exactly(V | G, G)
  const retype = (prot: bigint, type: bigint): bigint => (prot & ~mask) | type
  return {
    ...named('pte'),
    ptePresent: any(V | G),
    pteProtnone: protnone,
    pteRead: any(R),
    pteSpecial: any(SPECIAL),
    pteHuge: test((v) => (v & (V | G)) !== 0n && (v & LEAF) !== 0n),
    pteSame: same,
    isSwapPte: test((v) => v !== 0n && (v & (V | G)) === 0n),
    pteMkexec: set(X),
    pteExprotect: clear(X),
    pteMkspecial: set(SPECIAL),
    ptePfn: pfn(0),
    pfnPte: store,
    pteModify: modifyTwin,

    ...named('pmd'),
    pmdPresent: any(V | G | LEAF),
    pmdProtnone: protnone,
    pmdLeaf: any(LEAF),
    pmdTransHuge: any(LEAF),
    pmdBad: test((v) => (v & (V | G | LEAF)) === 0n || (v & LEAF) !== 0n),
    pmdSame: same,
    pmdMkinvalid: clear(V | G),
    pmdPfn: pfn(1),
    pfnPmd: store,
    pmdModify: modifyTwin,

    ...named('pud'),
    pudPresent: any(V),
    pudLeaf: test((v) => (v & V) !== 0n && (v & LEAF) !== 0n),
    pudTransHuge: { kind: 'test', of: () => false },
    pudBad: test((v) => (v & V) === 0n),
    pudPfn: pfn(2),
    pfnPud: untyped,

    pmdPopulate: table,
    pudPopulate: table,
    p4dPopulate: table,
    pgdPopulate: table,
    mkTableEntry: table,
    tableEntryPfn: pfn(0),

    mkSwapEntry: { kind: 'swap', bits: 53, of: (type, offset) => (type << 6n) | (offset << 11n) },
    swpType: number((v) => (v >> 6n) & 31n),
    swpOffset: number((v) => v >> 11n),

    vmGetPageProt: mapTwin(MAP),
    pgprotModify: modify((old, prot) => {
      if (old === retype(old, io)) return retype(prot, io)
      return old === retype(old, nc) ? retype(prot, nc) : prot
    }),
    pgprotWritable: any(W),
    pgprotNoncached: make((v) => retype(v, io)),
    pgprotWritecombine: make((v) => retype(v, nc)),
  }
}
