export type {
  ArchFamily,
  EntryChange,
  EntryNumber,
  EntrySame,
  EntryTest,
  Features,
  FrameStore,
  Geometry,
  Level,
  PageTableArch,
  ProtStore,
  TableStore,
} from './arch.ts'
export {
  type Arm64Options,
  arm64Arch4k,
  arm64Arch16k,
  arm64Arch64k,
  createArm64Arch,
  type Granule,
} from './arm64/arch.ts'
export { arm64Format, arm64FormatOf } from './arm64/format.ts'
export { type Arm64Cpu, arm64Cpu } from './arm64/walk.ts'
export * from './bigint.ts'
export { archByName, archNames, type DecodeOptions, decode, encode, formatByName } from './catalog.ts'
export { PgprotError, type PgprotErrorCode, type PgprotErrorDetails } from './error.ts'
export {
  type BitField,
  bitTable,
  type DecodedEntry,
  decodeEntry,
  type EncodableEntry,
  type EntryFormat,
  type EntryKind,
  encodeEntry,
} from './format.ts'
export { type LegendField, legend } from './legend.ts'
export {
  createRiscvArch,
  type RiscvMode,
  type RiscvOptions,
  riscvArchSv39,
  riscvArchSv48,
  riscvArchSv57,
} from './riscv64/arch.ts'
export { riscvFormat, riscvFormatOf } from './riscv64/format.ts'
export { type MemoryTypes, type RiscvCpu, riscvCpu } from './riscv64/walk.ts'
export { type TranslateOptions, type TranslateStep, type Translation, translate } from './translate.ts'
export {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  type Access,
  canonicalHalf,
  createWalk,
  NO_FAULT,
  tableIndex,
  tableIndices,
  type Walk,
  type WalkTables,
} from './walk.ts'
export type { PgprotWarning } from './warning.ts'
export { createX86Arch, type X86Options, x86Arch, x86Arch5 } from './x86-64/arch.ts'
export { createX86Arch612, x86Arch612 } from './x86-64/arch-6.12.ts'
export { type X86Kernel, x86Format, x86FormatOf } from './x86-64/format.ts'
export { type X86Cpu, x86Cpu } from './x86-64/walk.ts'
