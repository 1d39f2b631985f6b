import {
  any,
  bits,
  clear,
  exactly,
  make,
  mapTwin,
  modify,
  none,
  number,
  same,
  set,
  type Twins,
  test,
} from './twin.ts'

const [P, RW, US, PWT, PCD, A, D, PSE, G, SPECIAL, UFFD, SD] = Array.from({ length: 12 }, (_, i) =>
  bits(i),
) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
const PAT_LARGE = bits(12)
const DEVMAP = bits(58)
const PKEY = bits(59, 62)
const NX = bits(63)
const PTE_FRAME = bits(12, 51)
const PMD_FRAME = bits(21, 51)
const PUD_FRAME = bits(30, 51)
const CHG = PTE_FRAME | PCD | PWT | SPECIAL | A | D | SD | DEVMAP | UFFD | PSE

const inverted = (v: bigint): boolean => v !== 0n && (v & P) === 0n
const frame = (mask: bigint) => (v: bigint) => ((inverted(v) ? ~v : v) & mask) >> 12n
const store = (mask: bigint) => (pfn: bigint, prot: bigint) =>
  (((pfn << 12n) ^ (inverted(prot) ? -1n : 0n)) & mask) | prot
const modified = (mask: bigint) => (v: bigint, prot: bigint) => {
  const next = (v & CHG) | (prot & ~CHG)
  return inverted(v) === inverted(next) ? next : next ^ mask
}
const leafMask = (v: bigint, large: bigint): bigint => ((v & PSE) !== 0n ? large : PTE_FRAME)

const RO = 0x25n | NX
const MAP = [
  0x120n,
  RO,
  RO,
  RO,
  0x25n,
  0x25n,
  0x25n,
  0x25n,
  0x120n,
  RO,
  RO | RW,
  RO | RW,
  0x25n,
  0x25n,
  0x27n,
  0x27n,
]
const isNone = (v: bigint): boolean => (v & ~(A | D)) === 0n

const leaf: Twins = {
  None: test(isNone),
  Write: any(RW),
  Dirty: any(D),
  Young: any(A),
  Exec: none(NX),
  User: any(US),
  Devmap: any(DEVMAP),
  SoftDirty: any(SD),
  UffdWp: any(UFFD),
  Protnone: exactly(P | G, G),
  Same: same,
  Mkwrite: set(RW),
  Wrprotect: clear(RW),
  Mkdirty: set(D | SD),
  Mkclean: clear(D),
  Mkyoung: set(A),
  Mkold: clear(A),
  Mkhuge: set(PSE),
  MksoftDirty: set(SD),
  ClearSoftDirty: clear(SD),
  MkuffdWp: set(UFFD),
  ClearUffdWp: clear(UFFD),
}

function named(level: string): Twins {
  return Object.fromEntries(Object.entries(leaf).map(([name, twin]) => [level + name, twin]))
}

const table = { kind: 'table', bits: 40, of: (pfn: bigint) => (pfn << 12n) | 0x67n } as const

export const twins: Twins = {
  ...named('pte'),
  ptePresent: any(P | G),
  pteGlobal: any(G),
  pteSpecial: any(SPECIAL),
  pteHuge: any(PSE),
  isSwapPte: test((v) => !isNone(v) && (v & (P | G)) === 0n),
  pteMkexec: clear(NX),
  pteExprotect: set(NX),
  pteMkglobal: set(G),
  pteClrglobal: clear(G),
  pteMkspecial: set(SPECIAL),
  pteMkdevmap: set(SPECIAL | DEVMAP),
  pteClrhuge: clear(PSE),
  ptePfn: number(frame(PTE_FRAME)),
  pfnPte: { kind: 'frame', bits: 40, of: store(PTE_FRAME) },
  pteModify: modify(modified(PTE_FRAME)),

  ...named('pmd'),
  pmdPresent: any(P | G | PSE),
  pmdLeaf: any(PSE),
  pmdTransHuge: exactly(PSE | DEVMAP, PSE),
  pmdBad: test((v) => (v & ~leafMask(v, PMD_FRAME) & ~(US | A)) !== (P | RW | D)),
  pmdMkdevmap: set(DEVMAP),
  pmdPfn: number((v) => frame(leafMask(v, PMD_FRAME))(v)),
  pfnPmd: { kind: 'frame', bits: 40, of: store(PMD_FRAME) },
  pmdModify: modify(modified(PMD_FRAME)),
  pmdMkinvalid: make((v) => {
    const mask = leafMask(v, PMD_FRAME)
    return store(PMD_FRAME)(frame(mask)(v), v & ~mask & ~(P | G))
  }),

  ...named('pud'),
  pudPresent: any(P),
  pudLeaf: exactly(PSE | P, PSE | P),
  pudTransHuge: exactly(PSE | DEVMAP, PSE),
  pudBad: test((v) => (v & ~leafMask(v, PUD_FRAME) & ~(P | RW | US | A | D)) !== 0n),
  pudMkdevmap: set(DEVMAP),
  pudPfn: number((v) => frame(leafMask(v, PUD_FRAME))(v)),
  pfnPud: { kind: 'frame', bits: 40, of: store(PUD_FRAME) },

  pmdPopulate: table,
  pudPopulate: table,
  p4dPopulate: table,
  pgdPopulate: table,
  mkTableEntry: table,
  tableEntryPfn: number((v) => (v & PTE_FRAME) >> 12n),
  p4dNone: test(isNone),
  p4dPresent: any(P),
  pgdNone: exactly(bits(0, 63), 0n),
  pgdPresent: any(P),

  mkSwapEntry: {
    kind: 'swap',
    bits: 50,
    of: (type, offset) => (((~offset & bits(0, 49)) << 14n) >> 5n) | (type << 59n),
  },
  swpType: number((v) => v >> 59n),
  swpOffset: number((v) => (~v & bits(9, 58)) >> 9n),
  pteSwpSoftDirty: any(RW),
  pteSwpMksoftDirty: set(RW),
  pteSwpClearSoftDirty: clear(RW),
  pteSwpUffdWp: any(US),
  pteSwpMkuffdWp: set(US),
  pteSwpClearUffdWp: clear(US),
  pteSwpExclusive: any(PWT),
  pteSwpMkexclusive: set(PWT),
  pteSwpClearExclusive: clear(PWT),

  vmGetPageProt: mapTwin(MAP, (vmFlags) => (((vmFlags >> 32n) & 15n) << 59n) & PKEY),
  pgprotModify: modify((old, prot) => (old & CHG) | (prot & ~CHG)),
  pgprotWritable: any(RW),
  pgprotNoncached: set(PCD),
  pgprotWritecombine: set(PWT),
  pgprotWritethrough: set(PSE | PCD | PWT),
  pgprot4kToLarge: make((v) => (v & ~(PSE | PAT_LARGE)) | ((v & PSE) !== 0n ? PAT_LARGE : 0n)),
  pgprotLargeTo4k: make((v) => (v & ~(PSE | PAT_LARGE)) | ((v & PAT_LARGE) !== 0n ? PSE : 0n)),
}

const SAVED = bits(58)
const DEVMAP_612 = bits(57)
const CHG_612 = CHG | SAVED | DEVMAP_612

const save = (v: bigint): bigint => ((v & (RW | D)) === D ? (v & ~D) | SAVED : v)
const restore = (v: bigint): bigint => ((v & RW) !== 0n && (v & SAVED) !== 0n ? (v & ~SAVED) | D : v)
const modified612 = (mask: bigint) => (v: bigint, prot: bigint) => {
  const next = (v & CHG_612) | (prot & ~CHG_612)
  const flipped = inverted(v) === inverted(next) ? next : next ^ mask
  return (v & RW) !== 0n ? save(flipped) : restore(flipped)
}

const leaf612: Twins = {
  Dirty: any(D | SAVED),
  Devmap: any(DEVMAP_612),
  Mkwrite: make((v) => restore(v | RW)),
  Wrprotect: make((v) => save(v & ~RW)),
  Mkdirty: make((v) => save(v | D | SD)),
  Mkclean: clear(D | SAVED),
  MkuffdWp: make((v) => save((v | UFFD) & ~RW)),
}

/** What 6.12 does otherwise. */
export const twins612: Twins = {
  ...twins,
  ...Object.fromEntries(
    ['pte', 'pmd', 'pud'].flatMap((level) =>
      Object.entries(leaf612).map(([name, twin]) => [level + name, twin]),
    ),
  ),
  pteMkdevmap: set(SPECIAL | DEVMAP_612),
  pmdMkdevmap: set(DEVMAP_612),
  pudMkdevmap: set(DEVMAP_612),
  pmdTransHuge: exactly(PSE | DEVMAP_612, PSE),
  pudTransHuge: exactly(PSE | DEVMAP_612, PSE),
  pudLeaf: any(PSE),
  pteModify: modify(modified612(PTE_FRAME)),
  pmdModify: modify(modified612(PMD_FRAME)),
  pgprotModify: modify((old, prot) => (old & CHG_612) | (prot & ~CHG_612)),
}
