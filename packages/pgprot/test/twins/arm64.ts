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
  type Twin,
  type Twins,
  test,
} from './twin.ts'

const VALID = bits(0)
const TABLE = bits(1)
const ATTR = bits(2, 4)
const USER = bits(6)
const RDONLY = bits(7)
const AF = bits(10)
const GP = bits(50)
const WRITE = bits(51)
const PXN = bits(53)
const UXN = bits(54)
const DIRTY = bits(55)
const SPECIAL = bits(56)
const DEVMAP = bits(57)
const PROT_NONE = bits(58)
const INVALID = bits(59)
const PXN_TABLE = bits(59)

const has = (v: bigint, mask: bigint): boolean => (v & mask) !== 0n
const present = (v: bigint): boolean => has(v, VALID | PROT_NONE)
const pmdPresent = (v: bigint): boolean => present(v) || has(v, INVALID)
const hwDirty = (v: bigint): boolean => has(v, WRITE) && !has(v, RDONLY)
const mkdirty = (v: bigint): bigint => (has(v, WRITE) ? (v | DIRTY) & ~RDONLY : v | DIRTY)
const preserved = (v: bigint): bigint => (hwDirty(v) ? mkdirty(v) : v)
const isTable = (v: bigint): boolean => (v & 3n) === 3n
const MODIFIED = USER | PXN | UXN | RDONLY | PROT_NONE | VALID | WRITE | GP | ATTR

const leaf: Twins = {
  None: exactly(bits(0, 63), 0n),
  Present: test(present),
  Write: any(WRITE),
  Dirty: test((v) => has(v, DIRTY) || hwDirty(v)),
  Young: any(AF),
  Exec: none(UXN),
  User: any(USER),
  Devmap: any(DEVMAP),
  Mkwrite: make((v) => (has(v, DIRTY) ? (v | WRITE) & ~RDONLY : v | WRITE)),
  Wrprotect: make((v) => (preserved(v) & ~WRITE) | RDONLY),
  Mkdirty: make(mkdirty),
  Mkclean: make((v) => (v & ~DIRTY) | RDONLY),
  Mkyoung: set(AF),
  Mkold: clear(AF),
  Mkhuge: clear(TABLE),
}

function named(level: string): Twins {
  return Object.fromEntries(Object.entries(leaf).map(([name, twin]) => [level + name, twin]))
}

const modifyTwin = modify((v, prot) => {
  const next = (preserved(v) & ~MODIFIED) | (prot & MODIFIED)
  return has(next, DIRTY) ? mkdirty(next) : next
})

const RO = 0x0060_0000_0000_0fc3n
const ROX = 0x0020_0000_0000_0fc3n
const NONE = 0x0460_0000_0000_0f82n
const MAP = [
  NONE,
  RO,
  RO,
  RO,
  ROX,
  ROX,
  ROX,
  ROX,
  NONE,
  RO,
  RO | WRITE,
  RO | WRITE,
  ROX,
  ROX,
  ROX | WRITE,
  ROX | WRITE,
]
const vmFlagBits = (vmFlags: bigint): bigint =>
  (has(vmFlags, bits(24)) ? GP : 0n) | (has(vmFlags, bits(32)) ? 4n : 0n)

const attribute = (index: bigint): Twin => make((v) => (v & ~ATTR) | (index << 2n) | PXN | UXN)
const sameAttribute = (v: bigint, index: bigint): boolean => v === ((v & ~ATTR) | (index << 2n) | PXN | UXN)

/** Where the frame number of a granule lies, and where its larger leaves end. */
interface Frame {
  readonly pfnBits: number
  readonly pageShift: number
  readonly address: (v: bigint) => bigint
  readonly field: (physical: bigint) => bigint
}

const FRAMES: Readonly<Record<'4k' | '16k' | '64k', Frame>> = {
  '4k': { pfnBits: 36, pageShift: 12, address: (v) => v & bits(12, 47), field: (p) => p },
  '16k': { pfnBits: 34, pageShift: 14, address: (v) => v & bits(14, 47), field: (p) => p },
  '64k': {
    pfnBits: 36,
    pageShift: 16,
    address: (v) => (v & bits(16, 47)) | ((v & bits(12, 15)) << 36n),
    field: (p) => (p & bits(16, 47)) | ((p >> 36n) & bits(12, 15)),
  },
}

export function twins(granule: '4k' | '16k' | '64k'): Twins {
  const { pfnBits, pageShift, address, field } = FRAMES[granule]
  const perLevel = pageShift - 3
  const pfn = (levels: number) =>
    number((v) => {
      const shift = BigInt(pageShift + levels * perLevel)
      return ((address(v) >> shift) << shift) >> BigInt(pageShift)
    })
  const store: Twin = {
    kind: 'frame',
    bits: pfnBits,
    of: (n, prot) => field(n << BigInt(pageShift)) | prot,
  }
  const table: Twin = {
    kind: 'table',
    bits: pfnBits,
    of: (n) => field(n << BigInt(pageShift)) | 3n | PXN_TABLE,
  }
  const never: Twin = { kind: 'test', of: () => false }
  return {
    ...named('pte'),
    pteValid: any(VALID),
    pteProtnone: exactly(VALID | PROT_NONE, PROT_NONE),
    pteHwDirty: test(hwDirty),
    pteSwDirty: any(DIRTY),
    pteSpecial: any(SPECIAL),
    pteHuge: test((v) => v !== 0n && !has(v, TABLE)),
    pteSame: same,
    isSwapPte: test((v) => v !== 0n && !present(v)),
    pteMkexec: clear(UXN),
    pteExprotect: set(UXN),
    pteMkspecial: set(SPECIAL),
    pteMkdevmap: set(SPECIAL | DEVMAP),
    pteModify: modifyTwin,
    ptePfn: pfn(0),
    pfnPte: store,

    ...named('pmd'),
    pmdPresent: test(pmdPresent),
    pmdProtnone: exactly(VALID | PROT_NONE, PROT_NONE),
    pmdLeaf: test((v) => pmdPresent(v) && !isTable(v)),
    pmdTransHuge: test((v) => v !== 0n && pmdPresent(v) && !has(v, TABLE)),
    pmdBad: test((v) => !isTable(v)),
    pmdSame: same,
    pmdMkdevmap: set(DEVMAP),
    pmdMkinvalid: make((v) => (v | INVALID) & ~VALID),
    pmdModify: modifyTwin,
    pmdPfn: pfn(1),
    pfnPmd: store,

    ...named('pud'),
    pudLeaf: granule === '64k' ? never : test((v) => present(v) && !isTable(v)),
    pudTransHuge: never,
    pudDevmap: never,
    pudBad: test((v) => !isTable(v)),
    pudPfn: pfn(2),
    pfnPud: store,

    pmdPopulate: table,
    pudPopulate: table,
    p4dPopulate: table,
    mkTableEntry: table,
    tableEntryPfn: pfn(0),

    mkSwapEntry: { kind: 'swap', bits: 50, of: (type, offset) => (type << 3n) | (offset << 8n) },
    swpType: number((v) => (v >> 3n) & 31n),
    swpOffset: number((v) => (v >> 8n) & bits(0, 49)),
    pteSwpExclusive: any(bits(2)),
    pteSwpMkexclusive: set(bits(2)),
    pteSwpClearExclusive: clear(bits(2)),

    vmGetPageProt: mapTwin(MAP, vmFlagBits),
    pgprotModify: modify((old, prot) => {
      for (const index of [3n, 2n, 4n]) {
        if (sameAttribute(old, index)) return (prot & ~ATTR) | (index << 2n) | PXN | UXN
      }
      return prot
    }),
    pgprotWritable: any(WRITE),
    pgprotNoncached: attribute(3n),
    pgprotWritecombine: attribute(2n),
    pgprotDevice: attribute(4n),
    pgprotTagged: make((v) => (v & ~ATTR) | (1n << 2n)),
  }
}

/** The protection map of a CPU with Enhanced PAN. */
export const epanTwin: Twin = mapTwin(
  MAP.map((prot, i) => ((i & 7) === 4 ? prot & ~USER : prot)),
  vmFlagBits,
)
