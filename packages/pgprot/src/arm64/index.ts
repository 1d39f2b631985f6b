export type { EntryChange, EntryTest, PageTableArch } from '../arch.ts'
export {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  type Access,
  createWalk,
  type Walk,
  type WalkTables,
} from '../walk.ts'
export type { PgprotWarning } from '../warning.ts'
export {
  type Arm64Options,
  arm64Arch4k,
  arm64Arch16k,
  arm64Arch64k,
  createArm64Arch,
  type Granule,
} from './arch.ts'
export { pfnPmd, pfnPte, pfnPud, pmdPfn, ptePfn, pudLeaf, pudPfn } from './granule.ts'
export * from './pmd.ts'
export {
  assertPgprotReadOnly,
  pgprotDevice,
  pgprotModify,
  pgprotNoncached,
  pgprotTagged,
  pgprotWritable,
  pgprotWritecombine,
  protectionMapHi,
  protectionMapLo,
  vmGetPageProt,
} from './prot.ts'
export * from './pte.ts'
export * from './swap.ts'
export {
  mkTableEntry,
  p4dPopulate,
  pmdPopulate,
  pudPopulate,
  tableEntryPfn,
} from './table.ts'
export * from './walk.ts'
