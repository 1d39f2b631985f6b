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
export { createX86Arch, type X86Options, x86Arch, x86Arch5 } from './arch.ts'
export * from './geometry.ts'
export * from './pmd.ts'
export * from './prot.ts'
export {
  isSwapPte,
  pfnPte,
  pteAccessible,
  pteClearSoftDirty,
  pteClearUffdWp,
  pteClrglobal,
  pteClrhuge,
  pteDevmap,
  pteDirty,
  pteExec,
  pteExprotect,
  pteGlobal,
  pteHuge,
  pteMkclean,
  pteMkdevmap,
  pteMkdirty,
  pteMkexec,
  pteMkglobal,
  pteMkhuge,
  pteMkold,
  pteMksoftDirty,
  pteMkspecial,
  pteMkuffdWp,
  pteMkwrite,
  pteMkyoung,
  pteModify,
  pteNone,
  ptePfn,
  ptePresent,
  pteProtnone,
  pteSame,
  pteSoftDirty,
  pteSpecial,
  pteUffdWp,
  pteUser,
  pteWrite,
  pteWrprotect,
  pteYoung,
} from './pte.ts'
export * from './pud.ts'
export * from './swap.ts'
export * from './table.ts'
export * from './walk.ts'
