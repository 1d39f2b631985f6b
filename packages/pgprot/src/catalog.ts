/**
 * Every configuration by name, for command lines and documents. Importing this brings all architectures along.
 * @module
 */
import type { Level, PageTableArch } from './arch.ts'
import { arm64Arch4k, arm64Arch16k, arm64Arch64k, createArm64Arch } from './arm64/arch.ts'
import { arm64FormatOf } from './arm64/format.ts'
import { PgprotError } from './error.ts'
import {
  type DecodedEntry,
  decodeEntry,
  type EncodableEntry,
  type EntryFormat,
  encodeEntry,
} from './format.ts'
import { createRiscvArch, riscvArchSv39, riscvArchSv48, riscvArchSv57 } from './riscv64/arch.ts'
import { riscvFormatOf } from './riscv64/format.ts'
import { x86Arch, x86Arch5 } from './x86-64/arch.ts'
import { createX86Arch612, x86Arch612 } from './x86-64/arch-6.12.ts'
import { x86FormatOf } from './x86-64/format.ts'

const CATALOG: Readonly<Record<string, () => EntryFormat>> = {
  'x86-64': () => x86FormatOf(x86Arch),
  'x86-64-6.12': () => x86FormatOf(x86Arch612, '6.12'),
  'x86-64-la57': () => x86FormatOf(x86Arch5),
  'x86-64-la57-6.12': () => x86FormatOf(createX86Arch612({ levels: 5 }), '6.12'),
  'arm64-4k': () => arm64FormatOf(arm64Arch4k),
  'arm64-4k-nodbm': () => arm64FormatOf(createArm64Arch({ cpu: { hwDirty: false } })),
  'arm64-4k-noaf': () => arm64FormatOf(createArm64Arch({ cpu: { hwAccessed: false, hwDirty: false } })),
  'arm64-16k': () => arm64FormatOf(arm64Arch16k),
  'arm64-16k-nodbm': () => arm64FormatOf(createArm64Arch({ granule: '16k', cpu: { hwDirty: false } })),
  'arm64-64k': () => arm64FormatOf(arm64Arch64k),
  'arm64-64k-nodbm': () => arm64FormatOf(createArm64Arch({ granule: '64k', cpu: { hwDirty: false } })),
  'riscv64-sv39': () => riscvFormatOf(riscvArchSv39),
  'riscv64-sv48': () => riscvFormatOf(riscvArchSv48),
  'riscv64-sv57': () => riscvFormatOf(riscvArchSv57),
  'riscv64-sv39-svadu': () => riscvFormatOf(createRiscvArch({ cpu: { svadu: true } })),
  'riscv64-sv48-svadu': () => riscvFormatOf(createRiscvArch({ mode: 'sv48', cpu: { svadu: true } })),
  'riscv64-sv39-nopbmt': () => riscvFormatOf(createRiscvArch({ cpu: { memoryTypes: 'none' } }), 'none'),
  'riscv64-sv39-thead': () => riscvFormatOf(createRiscvArch({ cpu: { memoryTypes: 'thead' } }), 'thead'),
}

const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'x86-64',
  arm64: 'arm64-4k',
  aarch64: 'arm64-4k',
  riscv64: 'riscv64-sv39',
}

/** The names that `formatByName` and `archByName` know; they know `arm64`, `riscv64` and the like as well. */
export const archNames: readonly string[] = /*#__PURE__*/ Object.freeze(/*#__PURE__*/ Object.keys(CATALOG))

/** The entry format of a configuration. Throws `PGPROT_UNSUPPORTED` for a name it does not know. */
export function formatByName(name: string): EntryFormat {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name
  if (Object.hasOwn(CATALOG, known)) return CATALOG[known]!()
  throw new PgprotError('PGPROT_UNSUPPORTED', {
    found: `architecture ${name}`,
    expected: `one of ${archNames.join(', ')}`,
    todo: 'name one of these, or build a format with x86FormatOf and its like',
  })
}

/** A configuration by name. Throws `PGPROT_UNSUPPORTED` for a name it does not know. */
export function archByName(name: string): PageTableArch {
  return formatByName(name).arch
}

/** How to read a value. */
export interface DecodeOptions {
  /** The level of the table that the entry was found in. */
  readonly level: Level
  /** A name of the catalog, or a format; `'x86-64'` by default. */
  readonly arch?: string | EntryFormat | undefined
}

/**
 * The entry `value` (0..2^64 − 1), in words. Throws `PGPROT_VALUE_RANGE`, `PGPROT_LEVEL` for a value that belongs
 * elsewhere, `PGPROT_RESERVED_BIT`, `PGPROT_UNSUPPORTED` for an unknown architecture.
 */
export function decode(value: bigint, { level, arch = 'x86-64' }: DecodeOptions): DecodedEntry {
  return decodeEntry(typeof arch === 'string' ? formatByName(arch) : arch, value, level)
}

/**
 * The value of an entry, the inverse of `decode`; `arch` is a name of the catalog or a format. Throws
 * `PGPROT_UNKNOWN_FLAG`, `PGPROT_LEVEL` for a flag of another level or kind, `PGPROT_BAD_FIELD`, `PGPROT_PFN_RANGE`,
 * `PGPROT_RESERVED_BIT`, `PGPROT_UNSUPPORTED`.
 */
export function encode(entry: EncodableEntry & { readonly arch?: string | EntryFormat | undefined }): bigint {
  const { arch = 'x86-64' } = entry
  return encodeEntry(typeof arch === 'string' ? formatByName(arch) : arch, entry)
}
