import type { Access, Walk, WalkTables } from './walk.ts'
import type { PgprotWarning } from './warning.ts'

/** A question about the entry at index `i` of the halves `lo`, `hi`. */
export type EntryTest = (lo: Uint32Array, hi: Uint32Array, i: number) => boolean
/** Changes the entry at index `i` of the halves `lo`, `hi` in place. */
export type EntryChange = (lo: Uint32Array, hi: Uint32Array, i: number) => void
/** A number read from the entry at index `i` of the halves `lo`, `hi`, exact. */
export type EntryNumber = (lo: Uint32Array, hi: Uint32Array, i: number) => number
/** Stores the entry for a frame, in units of the architecture's page size, and a protection. */
export type FrameStore = (
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  pfn: number,
  protLo: number,
  protHi: number,
) => void
/** Gives the entry at index `i` a new protection. */
export type ProtStore = (lo: Uint32Array, hi: Uint32Array, i: number, protLo: number, protHi: number) => void
/** All 64 bits of two entries equal? */
export type EntrySame = (
  lo: Uint32Array,
  hi: Uint32Array,
  i: number,
  lo2: Uint32Array,
  hi2: Uint32Array,
  j: number,
) => boolean
/** Stores a pointer to the table in frame `pfn`. */
export type TableStore = (lo: Uint32Array, hi: Uint32Array, i: number, pfn: number) => void

/** The names of the levels, the last one first; index them with the level number of walks and tables. */
export type Level = 'pte' | 'pmd' | 'pud' | 'p4d' | 'pgd'

/** The architectures, whatever their configuration. */
export type ArchFamily = 'x86-64' | 'arm64' | 'riscv64'

/** Shape of the tables of one configuration. Level 0 is the PTE level; the last one is the root (PGD). */
export interface Geometry {
  /** Name of the configuration, as in `archByName`. */
  readonly name: string
  /** The architecture that it is a configuration of. */
  readonly family: ArchFamily
  readonly pageShift: number
  readonly pmdShift: number
  readonly pudShift: number
  /** Number of levels that exist (not folded). */
  readonly levels: number
  /** Name of each level that exists; `levelNames[levels - 1]` is always `'pgd'`. */
  readonly levelNames: readonly Level[]
  /** First address bit that each level indexes. */
  readonly shifts: readonly number[]
  /** Entries in a table of each level. */
  readonly entries: readonly number[]
  /** Width of the user half of the address space in bits: user addresses are below 2 to this power. */
  readonly userBits: number
  /** Frame numbers are below 2 to this power. */
  readonly pfnBits: number
}

/** What this architecture's 6.1 kernel has; where it has not, the members answer `false` and change nothing. */
export interface Features {
  /** DEVMAP bits. Without them, `pteMkdevmap` and its like throw `PGPROT_UNSUPPORTED`. */
  readonly hasDevmap: boolean
  readonly hasSoftDirty: boolean
  readonly hasUffdWp: boolean
  readonly hasSwapExclusive: boolean
  /** The highest level whose entries may map memory: 1 (PMD) or 2 (PUD). */
  readonly maxLeafLevel: number
  /** Transparent huge pages at the PUD level (CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD). */
  readonly hasPudThp: boolean
  /** The hardware sets the accessed bit; else it faults. */
  readonly hwAccessed: boolean
  /** The hardware sets the dirty bit; else it faults. */
  readonly hwDirty: boolean
}

/**
 * One architecture in one configuration, as a value: geometry, features and every hot function under the kernel's
 * name. The functions are those that the architecture's own entry point exports singly; see there for ranges.
 */
export interface PageTableArch extends Geometry, Features {
  /** True for an entry of any level that is empty: no other level has a none-test that says something else. */
  readonly pteNone: EntryTest
  readonly ptePresent: EntryTest
  readonly pteProtnone: EntryTest
  readonly pteWrite: EntryTest
  readonly pteDirty: EntryTest
  readonly pteYoung: EntryTest
  readonly pteExec: EntryTest
  readonly pteUser: EntryTest
  readonly pteSpecial: EntryTest
  readonly pteDevmap: EntryTest
  readonly pteSoftDirty: EntryTest
  readonly pteUffdWp: EntryTest
  readonly pteHuge: EntryTest
  readonly pteSame: EntrySame
  readonly pteMkwrite: EntryChange
  readonly pteWrprotect: EntryChange
  readonly pteMkdirty: EntryChange
  readonly pteMkclean: EntryChange
  readonly pteMkyoung: EntryChange
  readonly pteMkold: EntryChange
  readonly pteMkexec: EntryChange
  readonly pteExprotect: EntryChange
  readonly pteMkspecial: EntryChange
  readonly pteMkdevmap: EntryChange
  readonly pteMkhuge: EntryChange
  readonly pteMksoftDirty: EntryChange
  readonly pteClearSoftDirty: EntryChange
  readonly pteMkuffdWp: EntryChange
  readonly pteClearUffdWp: EntryChange
  readonly pteModify: ProtStore
  readonly pfnPte: FrameStore
  readonly ptePfn: EntryNumber

  readonly pmdNone: EntryTest
  readonly pmdPresent: EntryTest
  readonly pmdProtnone: EntryTest
  readonly pmdLeaf: EntryTest
  readonly pmdTransHuge: EntryTest
  readonly pmdBad: EntryTest
  readonly pmdWrite: EntryTest
  readonly pmdDirty: EntryTest
  readonly pmdYoung: EntryTest
  readonly pmdUser: EntryTest
  readonly pmdDevmap: EntryTest
  readonly pmdSoftDirty: EntryTest
  readonly pmdUffdWp: EntryTest
  readonly pmdMkwrite: EntryChange
  readonly pmdWrprotect: EntryChange
  readonly pmdMkdirty: EntryChange
  readonly pmdMkclean: EntryChange
  readonly pmdMkyoung: EntryChange
  readonly pmdMkold: EntryChange
  readonly pmdMkhuge: EntryChange
  readonly pmdMkdevmap: EntryChange
  readonly pmdMksoftDirty: EntryChange
  readonly pmdClearSoftDirty: EntryChange
  readonly pmdMkuffdWp: EntryChange
  readonly pmdClearUffdWp: EntryChange
  readonly pmdMkinvalid: EntryChange
  readonly pmdModify: ProtStore
  readonly pfnPmd: FrameStore
  readonly pmdPfn: EntryNumber

  readonly pudNone: EntryTest
  readonly pudPresent: EntryTest
  readonly pudLeaf: EntryTest
  readonly pudTransHuge: EntryTest
  readonly pudBad: EntryTest
  readonly pudWrite: EntryTest
  readonly pudDirty: EntryTest
  readonly pudYoung: EntryTest
  readonly pudUser: EntryTest
  readonly pudDevmap: EntryTest
  readonly pudSoftDirty: EntryTest
  readonly pudMkwrite: EntryChange
  readonly pudWrprotect: EntryChange
  readonly pudMkdirty: EntryChange
  readonly pudMkclean: EntryChange
  readonly pudMkyoung: EntryChange
  readonly pudMkold: EntryChange
  readonly pudMkhuge: EntryChange
  readonly pudMkdevmap: EntryChange
  readonly pudMksoftDirty: EntryChange
  readonly pudClearSoftDirty: EntryChange
  readonly pfnPud: FrameStore
  readonly pudPfn: EntryNumber

  /** Stores a user page-table pointer at any level. */
  readonly mkTableEntry: TableStore
  /** The frame of the table that a present entry of any level points to. */
  readonly tableEntryPfn: EntryNumber

  readonly isSwapPte: EntryTest
  readonly mkSwapEntry: (lo: Uint32Array, hi: Uint32Array, i: number, type: number, offset: number) => void
  readonly swpType: EntryNumber
  readonly swpOffset: EntryNumber
  readonly pteSwpExclusive: EntryTest
  readonly pteSwpMkexclusive: EntryChange
  readonly pteSwpClearExclusive: EntryChange
  readonly pteSwpSoftDirty: EntryTest
  readonly pteSwpMksoftDirty: EntryChange
  readonly pteSwpClearSoftDirty: EntryChange
  readonly pteSwpUffdWp: EntryTest
  readonly pteSwpMkuffdWp: EntryChange
  readonly pteSwpClearUffdWp: EntryChange

  readonly protectionMapLo: readonly number[]
  readonly protectionMapHi: readonly number[]
  readonly vmGetPageProt: (vmFlags: number, lo: Uint32Array, hi: Uint32Array, i: number) => void
  readonly pgprotModify: ProtStore
  readonly pgprotWritable: EntryTest
  readonly assertPgprotReadOnly: (lo: Uint32Array, hi: Uint32Array, i: number) => PgprotWarning | null
  readonly pgprotNoncached: EntryChange
  readonly pgprotWritecombine: EntryChange

  /**
   * Translates an address as the hardware does, updating accessed and dirty bits where it does that, and says which
   * fault it raises otherwise. Returns true when the access succeeds. See `walk.ts`.
   */
  readonly walk: (
    tables: WalkTables,
    rootPfn: number,
    addressLo: number,
    addressHi: number,
    access: Access,
    out: Walk,
  ) => boolean
}
