import { archNames, type EntryFormat, formatByName, type Level } from '@mm-model/pgprot'

/** A configuration that the decoder offers. */
export interface Configuration {
  /** The name that `formatByName` takes. */
  readonly name: string
  readonly family: string
  /** What sets it apart within its family, in words. */
  readonly label: string
}

const FAMILIES: readonly string[] = ['x86-64', 'arm64', 'riscv64']

/** Parts of catalog names, in words; a part that is not here is shown as it is. */
const PARTS: Readonly<Record<string, string>> = {
  la57: '5 levels',
  '4k': '4 KiB pages',
  '16k': '16 KiB pages',
  '64k': '64 KiB pages',
  sv39: 'Sv39',
  sv48: 'Sv48',
  sv57: 'Sv57',
  nopbmt: 'without Svpbmt',
  thead: 'T-Head memory types',
  '6.12': 'Linux 6.12',
}

/** What the hardware updates by itself is no question of a single entry: these read like the one without. */
const SAME_ENTRIES = /-(?:nodbm|noaf|svadu)\b/

/** All configurations whose entries differ, in the order of the catalog. */
export const configurations: readonly Configuration[] = archNames
  .filter((name) => !SAME_ENTRIES.test(name))
  .map((name) => {
    const family = familyOf(name)
    const parts = name.slice(family.length + 1).split('-')
    const words = parts.filter((part) => part !== '').map((part) => PARTS[part] ?? part)
    if (family === 'x86-64' && !parts.includes('la57')) words.unshift('4 levels')
    return { name, family, label: words.join(', ') }
  })

const formats = new Map<string, EntryFormat>()

/** The format of a configuration, made once. Throws as `formatByName` does. */
export function formatOf(name: string): EntryFormat {
  const known = formats.get(name) ?? formatByName(name)
  formats.set(name, known)
  return known
}

/** The name of an offered configuration for any name or alias of the catalog, or `null`. */
export function offered(name: string): string | null {
  try {
    const known = configurations.some((one) => one.name === name) ? name : formatOf(name).arch.name
    const plain = known.replace(SAME_ENTRIES, '')
    return configurations.some((one) => one.name === plain) ? plain : null
  } catch {
    return null
  }
}

/** `x86-64`, `arm64` or `riscv64`. */
export function familyOf(name: string): string {
  return FAMILIES.find((family) => name.startsWith(family)) ?? name
}

/** A level that exists: upper levels that a configuration has not are folded into its root. */
export function existingLevel({ arch }: EntryFormat, level: Level): Level {
  return arch.levelNames.includes(level) ? level : 'pgd'
}

/** What one entry of each level covers, as "2 MiB"; the root last. */
export function coverage({ arch }: EntryFormat): readonly (readonly [Level, string])[] {
  return arch.levelNames.map((level, number) => [level, bytes(arch.shifts[number] ?? 0)] as const)
}

function bytes(shift: number): string {
  return `${2 ** (shift % 10)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][Math.floor(shift / 10)]}`
}
