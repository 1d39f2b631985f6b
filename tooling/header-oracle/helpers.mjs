/**
 * What the oracle compares: for each helper a C expression that calls the kernel's definition, and the function of
 * `@mm-model/pgprot` that must agree with it.
 *
 * In C, `a` and `b` are 64-bit inputs and the expression is the 64-bit result. `kind` says how the same inputs reach
 * our function:
 *
 * | kind | our function gets | result |
 * |---|---|---|
 * | test | entry a | 0 or 1 |
 * | make | entry a, changed in place | the entry |
 * | number | entry a | the number |
 * | modify | entry a, protection b | the entry |
 * | frame | frame number a, cut to the stated range; protection b | the entry |
 * | table | frame number a, cut | the entry |
 * | same | entries a and (b odd ? a : b) | 0 or 1 |
 * | swap | type b & 31, offset a, cut | the entry |
 * | vmflags | a, cut to 37 bits | the protection |
 */

/** Shorthands for the C side. */
const make = (level, fn) => `${level}_val(${fn}(__${level}(a)))`
const test = (level, fn) => `!!${fn}(__${level}(a))`

function tests(level, names) {
  return Object.entries(names).map(([fn, ours]) => ({ name: fn, kind: 'test', c: test(level, fn), ours }))
}

function makers(level, names) {
  return Object.entries(names).map(([fn, ours]) => ({ name: fn, kind: 'make', c: make(level, fn), ours }))
}

/** `pte_mkwrite` → `pteMkwrite`. */
function camel(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())
}

/** `list('pte', 'write dirty')` → `{ pte_write: 'pteWrite', pte_dirty: 'pteDirty' }`. */
function list(level, names) {
  return Object.fromEntries(names.split(' ').map((name) => [`${level}_${name}`, camel(`${level}_${name}`)]))
}

function stores(level, bits) {
  return [
    {
      name: `pfn_${level}`,
      kind: 'frame',
      bits,
      c: `${level}_val(pfn_${level}(FRAME(a, ${bits}), __pgprot(b)))`,
      ours: camel(`pfn_${level}`),
    },
    { name: `${level}_pfn`, kind: 'number', c: `${level}_pfn(__${level}(a))`, ours: `${level}Pfn` },
  ]
}

function modify(level) {
  return {
    name: `${level}_modify`,
    kind: 'modify',
    c: `${level}_val(${level}_modify(__${level}(a), __pgprot(b)))`,
    ours: `${level}Modify`,
  }
}

function same(level) {
  const c = `!!${level}_same(__${level}(a), __${level}((b & 1) ? a : b))`
  return { name: `${level}_same`, kind: 'same', c, ours: 'pteSame' }
}

function prot(name, ours) {
  return { name, kind: 'make', c: `pgprot_val(${name}(__pgprot(a)))`, ours }
}

const PGPROT_MODIFY = {
  name: 'pgprot_modify',
  kind: 'modify',
  c: 'pgprot_val(pgprot_modify(__pgprot(a), __pgprot(b)))',
  ours: 'pgprotModify',
}

const VM_GET_PAGE_PROT = {
  name: 'vm_get_page_prot',
  kind: 'vmflags',
  c: 'pgprot_val(vm_get_page_prot(a & 0x1fffffffffUL))',
  ours: 'vmGetPageProt',
}

function swap(offsetBits) {
  return [
    {
      name: '__swp_entry',
      kind: 'swap',
      bits: offsetBits,
      c: `pte_val(__swp_entry_to_pte(__swp_entry(b & 31, FRAME(a, ${offsetBits}))))`,
      ours: 'mkSwapEntry',
    },
    { name: '__swp_type', kind: 'number', c: '__swp_type(__pte_to_swp_entry(__pte(a)))', ours: 'swpType' },
    {
      name: '__swp_offset',
      kind: 'number',
      c: '__swp_offset(__pte_to_swp_entry(__pte(a)))',
      ours: 'swpOffset',
    },
    { name: 'is_swap_pte', kind: 'test', c: 'is_swap_pte(__pte(a))', ours: 'isSwapPte' },
  ]
}

/** A populate function of the kernel on a page whose frame number is `a`. */
function populate(level, c, bits) {
  const body = `({ ${level}_t entry = __${level}(0); ${c}; ${level}_val(entry); })`
  return { name: `${level}_populate`, kind: 'table', bits, c: body, ours: 'mkTableEntry' }
}

/** `pte_accessible()` looks at the address space too: with and without a flush that is still to come. */
const ACCESSIBLE = [
  {
    name: 'pte_accessible',
    kind: 'test',
    c: 'pte_accessible(quiet_mm(), __pte(a))',
    ours: 'accessibleQuiet',
  },
  {
    name: 'pte_accessible (flush pending)',
    kind: 'test',
    c: 'pte_accessible(pending_mm(), __pte(a))',
    ours: 'accessiblePending',
  },
]

/** The index of an address at a level. */
function index(level) {
  return { name: `${level}_index`, kind: 'number', c: `${level}_index(a)`, ours: `${level}Index` }
}

const COMMON_TESTS = 'none present protnone write dirty young special'
const COMMON_MAKERS = 'mkwrite wrprotect mkdirty mkclean mkyoung mkold mkspecial'
const PMD_TESTS = 'none present protnone leaf trans_huge bad write dirty young'
const PMD_MAKERS = 'mkwrite wrprotect mkdirty mkclean mkyoung mkold mkhuge mkinvalid'
const SWP_EXCLUSIVE = {
  tests: list('pte', 'swp_exclusive'),
  makers: list('pte', 'swp_mkexclusive swp_clear_exclusive'),
}

const X86 = [
  ...tests('pte', list('pte', `${COMMON_TESTS} exec global devmap soft_dirty uffd_wp huge`)),
  ...makers(
    'pte',
    list(
      'pte',
      `${COMMON_MAKERS} mkexec mkglobal clrglobal mkdevmap mkhuge clrhuge mksoft_dirty clear_soft_dirty mkuffd_wp clear_uffd_wp`,
    ),
  ),
  ...ACCESSIBLE,
  ...stores('pte', 40),
  modify('pte'),
  same('pte'),
  ...tests('pmd', list('pmd', `${PMD_TESTS} devmap soft_dirty uffd_wp`)),
  ...makers(
    'pmd',
    list('pmd', `${PMD_MAKERS} mkdevmap mksoft_dirty clear_soft_dirty mkuffd_wp clear_uffd_wp`),
  ),
  ...stores('pmd', 40),
  modify('pmd'),
  same('pmd'),
  ...tests('pud', list('pud', 'none present leaf trans_huge bad write dirty young devmap soft_dirty')),
  ...makers(
    'pud',
    list(
      'pud',
      'mkwrite wrprotect mkdirty mkclean mkyoung mkold mkhuge mkdevmap mksoft_dirty clear_soft_dirty',
    ),
  ),
  ...stores('pud', 40),
  same('pud'),
  ...tests('p4d', { p4d_none: 'p4dNone', p4d_present: 'p4dPresent' }),
  { name: 'p4d_pfn', kind: 'number', c: 'p4d_pfn(__p4d(a))', ours: 'tableEntryPfn' },
  populate('pmd', 'pmd_populate(NULL, &entry, pfn_to_page(FRAME(a, 40)))', 40),
  ...swap(50),
  ...tests('pte', list('pte', 'swp_soft_dirty swp_uffd_wp')),
  ...tests('pte', SWP_EXCLUSIVE.tests),
  ...makers('pte', list('pte', 'swp_mksoft_dirty swp_clear_soft_dirty swp_mkuffd_wp swp_clear_uffd_wp')),
  ...makers('pte', SWP_EXCLUSIVE.makers),
  VM_GET_PAGE_PROT,
  PGPROT_MODIFY,
  prot('pgprot_noncached', 'pgprotNoncached'),
  prot('pgprot_writecombine', 'pgprotWritecombine'),
  prot('pgprot_writethrough', 'pgprotWritethrough'),
  index('pte'),
  index('pmd'),
  index('pud'),
  prot('pgprot_4k_2_large', 'pgprot4kToLarge'),
  prot('pgprot_large_2_4k', 'pgprotLargeTo4k'),
]

/** The same in 6.12, where making an entry writable asks for the area too: here never a shadow stack. */
const X86_612 = [
  ...X86.filter(({ name }) => name !== 'pte_mkwrite' && name !== 'pmd_mkwrite'),
  { name: 'pte_mkwrite', kind: 'make', c: 'pte_val(pte_mkwrite(__pte(a), &plain_vma))', ours: 'pteMkwrite' },
  { name: 'pmd_mkwrite', kind: 'make', c: 'pmd_val(pmd_mkwrite(__pmd(a), &plain_vma))', ours: 'pmdMkwrite' },
]

/** Bits of a frame number by granule. */
const ARM64_BITS = { '4k': 36, '16k': 34, '64k': 36 }

function arm64(granule) {
  const bits = ARM64_BITS[granule]
  const levels = granule === '64k' ? 3 : 4
  return [
    ...tests('pte', list('pte', `${COMMON_TESTS} user devmap valid hw_dirty sw_dirty`)),
    { name: 'pte_user_exec', kind: 'test', c: test('pte', 'pte_user_exec'), ours: 'pteExec' },
    ...makers('pte', list('pte', `${COMMON_MAKERS} mkdevmap mkhuge`)),
    ...ACCESSIBLE,
    ...stores('pte', bits),
    modify('pte'),
    same('pte'),
    ...tests('pmd', list('pmd', `${PMD_TESTS} user devmap`)),
    { name: 'pmd_user_exec', kind: 'test', c: test('pmd', 'pmd_user_exec'), ours: 'pmdExec' },
    ...makers('pmd', list('pmd', `${PMD_MAKERS} mkdevmap`)),
    ...stores('pmd', bits),
    modify('pmd'),
    same('pmd'),
    ...tests('pud', list('pud', 'none present leaf trans_huge bad write young devmap user')),
    ...makers('pud', list('pud', 'mkyoung mkhuge')),
    ...stores('pud', bits),
    populate('pmd', `pmd_populate(NULL, &entry, pfn_to_page(FRAME(a, ${bits})))`, bits),
    // The frame that a table pointer names, as the walk to the next level reads it.
    {
      name: 'pmd_page_paddr',
      kind: 'number',
      c: 'pmd_page_paddr(__pmd(a)) >> PAGE_SHIFT',
      ours: 'tableEntryPfn',
    },
    ...swap(50),
    ...tests('pte', SWP_EXCLUSIVE.tests),
    ...makers('pte', SWP_EXCLUSIVE.makers),
    VM_GET_PAGE_PROT,
    {
      ...VM_GET_PAGE_PROT,
      name: 'vm_get_page_prot (EPAN)',
      c: `({ with_epan(); ${VM_GET_PAGE_PROT.c}; })`,
      ours: 'vmGetPageProtEpan',
    },
    PGPROT_MODIFY,
    prot('pgprot_noncached', 'pgprotNoncached'),
    prot('pgprot_writecombine', 'pgprotWritecombine'),
    prot('pgprot_device', 'pgprotDevice'),
    prot('pgprot_tagged', 'pgprotTagged'),
    index('pte'),
    index('pmd'),
    index('pgd'),
    ...(levels > 3 ? [index('pud')] : []),
  ].filter(({ name }) => levels > 3 || name !== 'pud_bad')
}

const RISCV = [
  ...tests('pte', list('pte', `${COMMON_TESTS} exec user huge`)),
  ...makers('pte', list('pte', `${COMMON_MAKERS} mkhuge`)),
  ...stores('pte', 44),
  modify('pte'),
  same('pte'),
  ...tests('pmd', list('pmd', `${PMD_TESTS} user`)),
  ...makers('pmd', list('pmd', PMD_MAKERS)),
  ...stores('pmd', 44),
  modify('pmd'),
  same('pmd'),
  ...tests('pud', list('pud', 'none present leaf trans_huge bad user')),
  ...stores('pud', 44),
  populate('pmd', 'entry = __pmd((FRAME(a, 44) << _PAGE_PFN_SHIFT) | _PAGE_TABLE)', 44),
  { name: '_pmd_pfn', kind: 'number', c: '_pmd_pfn(__pmd(a))', ours: 'tableEntryPfn' },
  ...swap(53),
  VM_GET_PAGE_PROT,
  PGPROT_MODIFY,
  prot('pgprot_noncached', 'pgprotNoncached'),
  prot('pgprot_writecombine', 'pgprotWritecombine'),
  index('pte'),
  index('pmd'),
  index('pud'),
]

/** The configurations that are compared, and their helpers. */
export const CONFIGURATIONS = {
  'x86-64': { arch: 'x86-64', entries: 10_000_000, helpers: X86 },
  'x86-64-6.12': { arch: 'x86-64', entries: 10_000_000, helpers: X86_612, value: 'x86Arch612' },
  'arm64-4k': { arch: 'arm64', entries: 1_000_000, helpers: arm64('4k'), granule: '4k' },
  'arm64-16k': { arch: 'arm64', entries: 1_000_000, helpers: arm64('16k'), granule: '16k' },
  'arm64-64k': { arch: 'arm64', entries: 1_000_000, helpers: arm64('64k'), granule: '64k' },
  'riscv64-svpbmt': { arch: 'riscv64', entries: 1_000_000, helpers: RISCV, memoryTypes: 'svpbmt' },
  'riscv64-none': { arch: 'riscv64', entries: 1_000_000, helpers: RISCV, memoryTypes: 'none' },
  'riscv64-thead': { arch: 'riscv64', entries: 1_000_000, helpers: RISCV, memoryTypes: 'thead' },
}

/**
 * Our functions for a configuration, by the names in `ours`: the architecture's value over its single functions.
 * `modules` holds the entry points of the package by name, built or source; the root is `index`.
 */
export function ourFunctions(name, modules) {
  const { arch, granule, memoryTypes, value: named = 'x86Arch' } = CONFIGURATIONS[name]
  const flat = modules[arch]
  if (arch === 'x86-64') return { ...flat, ...withState(flat, modules.index, modules.index[named]) }
  if (arch === 'arm64') {
    const epan = flat.createArm64Arch({ granule, cpu: { epan: true } })
    const value = flat.createArm64Arch({ granule })
    return { ...flat, ...withState(flat, modules.index, value), vmGetPageProtEpan: epan.vmGetPageProt }
  }
  const value = flat.createRiscvArch({ cpu: { memoryTypes } })
  return { ...flat, ...withState(flat, modules.index, value) }
}

/** The functions that need more than an entry, with that bound. */
function withState({ pteAccessible }, { tableIndex }, arch) {
  const index = (level) => (lo, hi, i) => tableIndex(arch, level, lo[i], hi[i])
  return {
    ...arch,
    accessibleQuiet: (lo, hi, i) => pteAccessible(lo, hi, i, false),
    accessiblePending: (lo, hi, i) => pteAccessible(lo, hi, i, true),
    pteIndex: index(0),
    pmdIndex: index(1),
    pudIndex: index(2),
    pgdIndex: index(arch.levels - 1),
  }
}
