import type { Level } from '@mm-model/pgprot'

/** Something to start from. */
export interface Example {
  readonly level: Level
  readonly name: string
  readonly text: string
}

/** Values that Linux makes, by the configurations they are for. */
const SETS: readonly (readonly [RegExp, readonly Example[]])[] = [
  [
    /^x86-64(?:-la57)?$/,
    [
      { level: 'pte', name: 'DAX, written', text: 'pte=0x8400000123456a67' },
      { level: 'pte', name: 'DAX, read-only', text: 'pte=0x8400000123456225' },
      { level: 'pmd', name: 'DAX, 2 MiB', text: 'pmd=0x84000002400008e7' },
      { level: 'pte', name: 'PROT_NONE', text: '0x000ffffedcba9120' },
      { level: 'pte', name: 'swap', text: '0x1fffffffffdb9600' },
      {
        level: 'pte',
        name: 'a line of an oops',
        text: 'PGD 12345067 P4D 12345067 PUD 12346067 PMD 12347067 PTE 8000000077777025',
      },
    ],
  ],
  [
    /^x86-64.*-6\.12$/,
    [
      { level: 'pte', name: 'DAX, written', text: 'pte=0x8200000123456a67' },
      { level: 'pte', name: 'DAX, read-only', text: 'pte=0x8200000123456225' },
    ],
  ],
  [
    /^arm64-4k$/,
    [
      { level: 'pte', name: 'DAX, written', text: 'pte=0x03e8000123456f43' },
      { level: 'pte', name: 'DAX, read-only', text: 'pte=0x0360000123456fc3' },
      { level: 'pmd', name: 'DAX, 2 MiB', text: 'pmd=0x02e8000240000f41' },
      { level: 'pte', name: 'writable, still clean', text: '0x0068000123456fc3' },
      { level: 'pte', name: 'PROT_NONE', text: '0x0460000123456f82' },
      { level: 'pte', name: 'swap', text: '0x0000000000123418' },
    ],
  ],
  [
    /^arm64-16k$/,
    [
      { level: 'pte', name: 'DAX, written', text: 'pte=0x03e8000123454f43' },
      { level: 'pmd', name: 'DAX, 32 MiB', text: 'pmd=0x02e8000240000f41' },
    ],
  ],
  [
    /^arm64-64k$/,
    [
      { level: 'pte', name: 'a frame beyond 48 bits', text: 'pte=0x036012345678afc3' },
      { level: 'pmd', name: 'DAX, 512 MiB', text: 'pmd=0x02e8000240000f41' },
    ],
  ],
  [
    /^riscv64-sv\d+(?:-nopbmt)?$/,
    [
      { level: 'pte', name: 'written', text: 'pte=0x0000000048d158d7' },
      { level: 'pte', name: 'read-only', text: 'pte=0x0000000048d15853' },
      { level: 'pmd', name: '2 MiB', text: 'pmd=0x00000000900000d7' },
      { level: 'pmd', name: 'table pointer', text: 'pmd=0x00000000202af001' },
      { level: 'pte', name: 'swap', text: '0x000000000091a0c0' },
    ],
  ],
  [/^riscv64-sv\d+$/, [{ level: 'pte', name: 'I/O memory', text: '0x40000000040000d7' }]],
]

/** The examples for a configuration. */
export function examplesFor(arch: string): readonly Example[] {
  return SETS.flatMap(([names, examples]) => (names.test(arch) ? examples : []))
}
