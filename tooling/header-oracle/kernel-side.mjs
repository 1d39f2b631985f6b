/**
 * Writes and compiles the kernel's side: one C file that includes the kernel's headers and wraps each helper, and the
 * few definitions that only a booted kernel has.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIGURATIONS } from './helpers.mjs'
import { configure, kernelVersion, TARGETS, unpack } from './kernel-tree.mjs'

const HEADERS = [
  'linux/mm.h',
  'linux/mm_inline.h',
  'linux/swap.h',
  'linux/swapops.h',
  'linux/pgtable.h',
  'asm/pgalloc.h',
]

/** Before the headers: nothing, or how alternatives are chosen that a kernel patches while it boots. */
function before(name) {
  if (!name.startsWith('riscv64')) return ''
  const type = name.slice('riscv64-'.length)
  // ALT_SVPBMT and ALT_THEAD_PMA choose by patching instructions; here the choice is made when compiling.
  const suffix = { none: null, svpbmt: '_SVPBMT', thead: '_THEAD' }[type]
  const value = suffix === null ? '0' : `prot##${suffix}`
  const pma =
    type === 'thead'
      ? '#define ALT_THEAD_PMA(_val) do { if (!((_val) & _PAGE_MTMASK_THEAD)) (_val) |= _PAGE_PMA_THEAD; } while (0)'
      : '#define ALT_THEAD_PMA(_val) do { } while (0)'
  return `#include <asm/errata_list.h>
#undef ALT_SVPBMT
#undef ALT_THEAD_PMA
#define ALT_SVPBMT(_val, prot) ((_val) = ${value})
${pma}
`
}

/** After the headers: the functions that live in the kernel's C files, and state that booting fills in. */
function after(name, tree) {
  if (name.startsWith('x86-64')) {
    // vm_get_page_prot() and its map: the kernel's own C file.
    return `#include "${tree}/arch/x86/mm/pgprot.c"
pteval_t __supported_pte_mask = ~0;
/* Filled in while a kernel boots, from what the CPU's PAT can hold: here all of it, in Linux's order. */
static unsigned long pat_entry(enum page_cache_mode mode)
{
	static const unsigned char index[] = { 0, 1, 2, 3, 7, 5 };
	return __cm_idx2pte(index[mode]);
}
unsigned long cachemode2protval(enum page_cache_mode mode) { return pat_entry(mode); }
${extract(tree, 'arch/x86/mm/pat/memtype.c', /^pgprot_t pgprot_writecombine[\s\S]*?^}/m)}
${extract(tree, 'arch/x86/mm/pat/memtype.c', /^pgprot_t pgprot_writethrough[\s\S]*?^}/m)}
${
  name === 'x86-64'
    ? ''
    : `static struct vm_area_struct plain_vma;
${extract(tree, 'arch/x86/mm/pgtable.c', /^pte_t pte_mkwrite[\s\S]*?^}/m)}
${extract(tree, 'arch/x86/mm/pgtable.c', /^pmd_t pmd_mkwrite[\s\S]*?^}/m)}`
}
unsigned long vmemmap_base = 0xffffea0000000000UL;
struct cpuinfo_x86 boot_cpu_data = { .x86 = 6 };
`
  }
  if (name.startsWith('arm64')) {
    return `#include "${tree}/arch/arm64/mm/mmap.c"
static void with_epan(void) { protection_map[VM_EXEC] = protection_map[VM_EXEC | VM_SHARED] = PAGE_EXECONLY; }
static void without_epan(void) { protection_map[VM_EXEC] = protection_map[VM_EXEC | VM_SHARED] = PAGE_READONLY_EXEC; }
`
  }
  return `${extract(tree, 'arch/riscv/mm/init.c', /^static const pgprot_t protection_map\[16\][\s\S]*?^};/m)}
DECLARE_VM_GET_PAGE_PROT
`
}

/** A definition of a kernel C file that cannot be compiled as a whole here; it goes into the build directory only. */
function extract(tree, file, pattern) {
  const found = pattern.exec(readFileSync(join(tree, file), 'utf8'))
  if (found === null) throw new Error(`${file}: ${pattern} not found`)
  return found[0]
}

/** Compiles the oracle of a configuration. Returns the command that runs it. */
export function buildOracle(buildDir, name) {
  const { arch, helpers } = CONFIGURATIONS[name]
  const target = arch === 'riscv64' ? 'riscv64' : name
  const tree = unpack(buildDir, TARGETS[target].linux)
  const flags = configure(buildDir, tree, target)
  const { prefix, runner } = TARGETS[target]
  const functions = helpers.map(({ name: helper, c }, i) => {
    const plain = arch === 'arm64' && helper === 'vm_get_page_prot' ? 'without_epan(); ' : ''
    return `static u64 helper_${i}(u64 a, u64 b) /* ${helper} */ { ${plain}return ${c}; }`
  })
  const source = `${before(name)}${HEADERS.map((header) => `#include <${header}>\n`).join('')}${after(name, tree)}
static struct mm_struct oracle_mm;
static struct mm_struct *quiet_mm(void) { atomic_set(&oracle_mm.tlb_flush_pending, 0); return &oracle_mm; }
static struct mm_struct *pending_mm(void) { atomic_set(&oracle_mm.tlb_flush_pending, 1); return &oracle_mm; }
#define FRAME(x, bits) ((unsigned long)(x) & ((1UL << (bits)) - 1))
typedef u64 (*helper_fn)(u64 a, u64 b);
${functions.join('\n')}
const helper_fn helpers[] = { ${helpers.map((_, i) => `helper_${i}`).join(', ')} };
const unsigned int helper_count = ${helpers.length};
`
  const base = join(buildDir, `oracle-${name}`)
  writeFileSync(`${base}.c`, source)
  const cc = (...args) =>
    execFileSync(`${prefix}gcc`, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const sections = ['-ffunction-sections', '-fdata-sections']
  const kernel = [
    '-std=gnu11',
    '-O2',
    '-w',
    '-ffreestanding',
    '-fno-strict-aliasing',
    '-fno-stack-protector',
    '-fno-pie',
  ]
  cc(...flags, ...kernel, ...sections, '-c', `${base}.c`, '-o', `${base}.kernel.o`)
  const main = join(import.meta.dirname, 'main.c')
  cc('-std=gnu11', '-O2', '-Wall', '-fno-pie', ...sections, '-c', main, '-o', `${base}.main.o`)
  cc('-no-pie', '-static', '-Wl,--gc-sections', `${base}.kernel.o`, `${base}.main.o`, '-o', base)
  return { command: [...runner, base], compiler: cc('-dumpfullversion').trim(), version: kernelVersion(tree) }
}
