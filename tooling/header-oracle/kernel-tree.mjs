/**
 * The kernel's headers, unpacked from Debian's source packages and configured for one architecture, in a directory
 * outside the repository. No kernel text is ever copied into the repository.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What configuring and the headers need; the rest of the kernel stays packed. */
const MEMBERS = [
  'Makefile',
  'Kbuild',
  'include/*',
  'scripts/*',
  'arch/x86/*',
  'arch/arm64/*',
  'arch/riscv/*',
  'kernel/*',
  'mm/*',
  'lib/vdso/*',
  'tools/include/*',
  'tools/scripts/*',
]

const COMMON_CONFIG = [
  'MMU',
  'SMP',
  'PROC_FS',
  'BLOCK',
  'SWAP',
  'NUMA',
  'NUMA_BALANCING',
  'MIGRATION',
  'SPARSEMEM_VMEMMAP',
  'TRANSPARENT_HUGEPAGE',
]

/** Kernel architecture, compiler prefix and configuration (on top of allnoconfig) of each build. */
export const TARGETS = {
  'x86-64': x86('6.1', ['!SPECULATION_MITIGATIONS']),
  'x86-64-6.12': x86('6.12', ['!CPU_MITIGATIONS', 'X86_USER_SHADOW_STACK']),
  'arm64-4k': arm64('4K', ['ARM64_VA_BITS_48', 'ARM64_PA_BITS_48']),
  'arm64-16k': arm64('16K', ['ARM64_VA_BITS_48', 'ARM64_PA_BITS_48']),
  'arm64-64k': arm64('64K', ['ARM64_VA_BITS_48', 'ARM64_PA_BITS_52']),
  riscv64: {
    linux: '6.1',
    kernelArch: 'riscv',
    makeArch: 'riscv',
    prefix: 'riscv64-linux-gnu-',
    runner: ['qemu-riscv64'],
    config: [
      ...COMMON_CONFIG,
      '64BIT',
      'ARCH_RV64I',
      'RISCV_ALTERNATIVE',
      'RISCV_ISA_SVPBMT',
      'ERRATA_THEAD',
      'ERRATA_THEAD_PBMT',
    ],
  },
}

function x86(linux, config) {
  return {
    linux,
    kernelArch: 'x86',
    makeArch: 'x86_64',
    prefix: '',
    runner: [],
    config: [
      ...COMMON_CONFIG,
      ...config,
      '64BIT',
      'MEMORY_HOTPLUG',
      'MEMORY_HOTREMOVE',
      'ZONE_DEVICE',
      'CHECKPOINT_RESTORE',
      'MEM_SOFT_DIRTY',
      'USERFAULTFD',
      'MTRR',
      'X86_PAT',
      'X86_5LEVEL',
      'X86_INTEL_MEMORY_PROTECTION_KEYS',
      'UNWINDER_FRAME_POINTER',
      '!UNWINDER_ORC',
    ],
  }
}

function arm64(granule, config) {
  return {
    linux: '6.1',
    kernelArch: 'arm64',
    makeArch: 'arm64',
    prefix: 'aarch64-linux-gnu-',
    runner: ['qemu-aarch64'],
    config: [
      ...COMMON_CONFIG,
      ...config,
      `ARM64_${granule}_PAGES`,
      'MEMORY_HOTPLUG',
      'MEMORY_HOTREMOVE',
      'ZONE_DEVICE',
      'ARM64_HW_AFDBM',
      'ARM64_PAN',
      'ARM64_EPAN',
      'ARM64_PTR_AUTH',
      'ARM64_BTI',
      'ARM64_TAGGED_ADDR_ABI',
      'ARM64_MTE',
    ],
  }
}

function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })
}

/** Unpacks the tree of a kernel, once. Returns its directory. */
export function unpack(buildDir, linux) {
  const name = `linux-source-${linux}`
  const tree = join(buildDir, name)
  if (existsSync(join(tree, '.unpacked'))) return tree
  const tarball = `/usr/src/${name}.tar.xz`
  if (!existsSync(tarball)) throw new Error(`${tarball} is missing: apt-get install ${name}`)
  mkdirSync(buildDir, { recursive: true })
  const wanted = [...MEMBERS.map((member) => `${name}/${member}`), '*/Kconfig*', '*/Makefile*']
  run('tar', ['-xJf', tarball, '-C', buildDir, '--wildcards', ...wanted])
  writeFileSync(join(tree, '.unpacked'), '')
  return tree
}

/** Version of the unpacked kernel, such as "6.1.192". */
export function kernelVersion(tree) {
  const makefile = readFileSync(join(tree, 'Makefile'), 'utf8')
  const field = (name) => new RegExp(`^${name} = (\\d+)$`, 'm').exec(makefile)?.[1]
  return `${field('VERSION')}.${field('PATCHLEVEL')}.${field('SUBLEVEL')}`
}

/** Configures the tree for a target and generates its headers, once. Returns the compiler's arguments. */
export function configure(buildDir, tree, name) {
  const { kernelArch, makeArch, prefix, config } = TARGETS[name]
  const out = join(buildDir, name)
  const make = (...goals) =>
    run('make', ['-s', '-C', tree, `ARCH=${makeArch}`, `CROSS_COMPILE=${prefix}`, `O=${out}`, ...goals], {
      env: { ...process.env, KCONFIG_ALLCONFIG: join(buildDir, `${name}.config`) },
    })
  if (!existsSync(join(out, '.prepared'))) {
    const lines = config.map((item) =>
      item.startsWith('!') ? `# CONFIG_${item.slice(1)} is not set` : `CONFIG_${item}=y`,
    )
    writeFileSync(join(buildDir, `${name}.config`), `${lines.join('\n')}\n`)
    make('allnoconfig')
    const made = readFileSync(join(out, '.config'), 'utf8').split('\n')
    const missing = lines.filter((line) => line.startsWith('CONFIG') && !made.includes(line))
    if (missing.length > 0) throw new Error(`${name}: the kernel did not accept ${missing.join(', ')}`)
    make('prepare0')
    writeFileSync(join(out, '.prepared'), '')
  }
  const include = [
    `${tree}/arch/${kernelArch}/include`,
    `${out}/arch/${kernelArch}/include/generated`,
    `${tree}/include`,
    `${out}/include`,
    `${tree}/arch/${kernelArch}/include/uapi`,
    `${out}/arch/${kernelArch}/include/generated/uapi`,
    `${tree}/include/uapi`,
    `${out}/include/generated/uapi`,
  ]
  const first = ['compiler-version.h', 'kconfig.h', 'compiler_types.h']
  return [
    '-nostdinc',
    ...include.map((dir) => `-I${dir}`),
    ...first.flatMap((file) => ['-include', `${tree}/include/linux/${file}`]),
    '-D__KERNEL__',
    '-DKBUILD_MODNAME="oracle"',
    '-DKBUILD_BASENAME="oracle"',
  ]
}
