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
  createRiscvArch,
  type RiscvMode,
  type RiscvOptions,
  riscvArchSv39,
  riscvArchSv48,
  riscvArchSv57,
} from './arch.ts'
export * from './geometry.ts'
export * from './pmd.ts'
export * from './prot.ts'
export * from './pte.ts'
export * from './swap.ts'
export * from './table.ts'
export * from './walk.ts'
