import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folderWith, mmModel, RECORDINGS } from './mm-model.ts'

const EXAMPLE = 'examples/first-write.scn'
const EXT4 = `${RECORDINGS}/linux-6.1-ext4`
const SCENARIOS = `${RECORDINGS}/scenarios`
const FOLDER = folderWith({
  'bad.scn': 'create a 64k\nmmap m a 0 64k rw shared\nstroe m 0\n',
  'empty.scn': '',
  'half.json': '{"scenario":"half",\n',
})

describe('a wrong command line ends in exit code 2 and one line that says where, and what to do', () => {
  it.each([
    ['rnu', "'rnu': no such command; did you mean 'run'?"],
    ['explore', "'explore': no such command; the commands are run, verify, compare, check, strategy, pte"],
    [
      '--verbose',
      "'--verbose': no such flag before a command; the commands are run, verify, compare, check, strategy, pte",
    ],
    [
      'help explore',
      "'explore': no such command; the commands are run, verify, compare, check, strategy, pte",
    ],
    ['run', "run: FILE.scn is missing; run 'mm-model run --help'"],
    [`run ${EXAMPLE} --observation out`, "run: unknown flag '--observation'; did you mean --observations?"],
    [`run ${EXAMPLE} -strategy retry`, "run: unknown flag '-strategy'; did you mean --strategy?"],
    [
      `run ${EXAMPLE} --no-json`,
      "run: unknown flag '--no-json'; its flags are --kernel, --fs, --arch, --strategy, --observations, --schedule, --json, --help",
    ],
    [`run ${EXAMPLE} --strategy`, 'run: --strategy needs a value; write --strategy NAME'],
    [`run ${EXAMPLE} --strategy --json`, 'run: --strategy needs a value; write --strategy NAME'],
    [`run ${EXAMPLE} --strategy=`, 'run: --strategy needs a value; write --strategy NAME'],
    [`run ${EXAMPLE} --strategy retyr`, "run: unknown strategy 'retyr'; did you mean 'retry'?"],
    [
      `run ${EXAMPLE} --strategy nobodys`,
      "run: unknown strategy 'nobodys'; use retry, insert-writable, fallthrough, readonly-hint, mkwrite, deferred-mtime, a path that begins with ./, or an installed package",
    ],
    [`run ${EXAMPLE} --kernel 6.2`, "run: unknown kernel '6.2'; did you mean '6.1'?"],
    [`run ${EXAMPLE} --kernel 7.0`, "run: unknown kernel '7.0'; use 6.1, 6.12, 4.5"],
    [
      `run ${EXAMPLE} --kernel 4.5 --fs xfs`,
      "run: the file system 'xfs' is not built yet with kernel 4.5; use ext4",
    ],
    [
      `run ${EXAMPLE} --arch arm64-16k`,
      "run: the architecture 'arm64-16k' is not built yet; use x86-64, arm64-4k, arm64-4k-nodbm, arm64-4k-noaf, riscv64-sv39, riscv64-sv39-svadu, riscv64-sv48, riscv64-sv48-svadu",
    ],
    [
      `compare ${EXAMPLE} --arch arm64-4`,
      "compare: unknown architecture 'arm64-4'; did you mean 'arm64-4k'?",
    ],
    [`run ${EXAMPLE} --fs ext2`, "run: the file system 'ext2' is not built yet; use ext4, xfs, xfs-reflink"],
    [`run ${EXAMPLE} --json --json`, 'run: --json is given twice; give it once'],
    [`run ${EXAMPLE} --json=yes`, "run: --json takes no value, found 'yes'; write --json"],
    ['run nowhere.scn', 'nowhere.scn: does not exist; give the path of a scenario file'],
    ['run examples', 'examples: is a folder, not a file; give the path of a scenario file'],
    [
      `run ${EXAMPLE} ${FOLDER}/bad.scn`,
      `${FOLDER}/bad.scn:3:1: line 3: found 'stroe', expected an operation; did you mean 'store'?`,
    ],
    [
      `run ${FOLDER}/empty.scn`,
      `${FOLDER}/empty.scn:1:1: line 1: found the end of the scenario, expected an operation; a scenario begins with \`create F SIZE\` or \`mmap M anon …\``,
    ],
    [
      `run ${EXAMPLE} ${EXAMPLE} --observations out`,
      `${EXAMPLE}: has the same name as ${EXAMPLE}, and each writes first-write.json; run them one by one`,
    ],
    [
      `run ${EXAMPLE} --observations ${FOLDER}/bad.scn`,
      `${FOLDER}/bad.scn: exists and is not a folder; give --observations a folder that can be written`,
    ],
    ['verify', "verify: RECORDINGS_DIR is missing; run 'mm-model verify --help'"],
    [`verify ${EXT4}`, 'verify: --scenarios is missing; give the folder of the scenarios that were recorded'],
    [
      `verify ${EXT4} more --scenarios ${SCENARIOS}`,
      "verify: unexpected 'more'; it takes RECORDINGS_DIR only; run 'mm-model verify --help'",
    ],
    [`verify ${EXT4} --scenarios ${SCENARIOS} --tier dx`, "verify: unknown --tier 'dx'; did you mean 'dax'?"],
    [
      `verify ${EXT4} --scenarios ${SCENARIOS} --tier all`,
      "verify: unknown --tier 'all'; choose one of semantics, dax, path",
    ],
    [
      `verify ${EXT4} --scenarios ${SCENARIOS} --show few`,
      "verify: --show needs a whole number, found 'few'; write --show 5",
    ],
    [`verify nowhere --scenarios ${SCENARIOS}`, 'nowhere: does not exist; give a folder of recordings'],
    [
      `verify ${EXAMPLE} --scenarios ${SCENARIOS}`,
      `${EXAMPLE}: is not a folder; give a folder of recordings`,
    ],
    [
      `verify ${SCENARIOS} --scenarios ${SCENARIOS}`,
      `${SCENARIOS}: has no .json files; give a folder of recordings`,
    ],
    [
      `verify ${EXT4} --scenarios ${EXT4}`,
      `${EXT4}: has no .scn files; give a folder of scenario files with --scenarios`,
    ],
    [
      `verify ${EXT4} --scenarios examples`,
      'examples/01-hole-write.scn: does not exist, though there is a recording of it; give the folder it is in',
    ],
    [
      `verify ${RECORDINGS}/linux-6.1-xfs --scenarios ${SCENARIOS}`,
      `${RECORDINGS}/linux-6.1-xfs/01-hole-write.json: recorded on 6.1 with xfs, but the model runs 6.1 with ext4; give --kernel 6.1 --fs xfs`,
    ],
    [
      `verify ${RECORDINGS}/linux-6.12-ext4 --scenarios ${SCENARIOS}`,
      `${RECORDINGS}/linux-6.12-ext4/01-hole-write.json: recorded on 6.12 with ext4, but the model runs 6.1 with ext4; give --kernel 6.12 --fs ext4`,
    ],
    [
      `verify ${FOLDER} --scenarios ${SCENARIOS}`,
      `${FOLDER}/half.json: line 2, column 1: found the end of the text, expected JSON; the file is cut off or was edited; record it again`,
    ],
    ['compare', "compare: FILE.scn is missing; give one, or --matrix; run 'mm-model compare --help'"],
    [
      `compare ${EXAMPLE} --strategies retry,mkrite`,
      "compare: unknown strategy 'mkrite'; did you mean 'mkwrite'?",
    ],
    [
      `compare ${EXAMPLE} --strategies retry,retry`,
      "compare: the strategy 'retry' is listed twice; list it once",
    ],
    ['strategy lst', "'strategy lst': no such command; did you mean 'strategy list'?"],
    [
      'strategy retry',
      "'strategy retry': no such command; the commands are strategy list, strategy test, strategy new",
    ],
    [
      'strategy --json',
      "'strategy --json': no such flag before a command; the commands are strategy list, strategy test, strategy new",
    ],
    [
      'strategy list more',
      "strategy list: unexpected 'more'; it takes flags only; run 'mm-model strategy list --help'",
    ],
    ['pte 8400000048200a67', "pte: '8400000048200a67' is not a number; write 0x8400000048200a67"],
    [
      'pte writable',
      "pte: 'writable' is not a number; write the entry in hex, as 0x8400000048200a67, or decimal",
    ],
    ['pte 0x18400000048200a67', "pte: '0x18400000048200a67' has more than 64 bits; write one entry"],
    ['pte 0x67 --level p', "pte: unknown --level 'p'; choose one of pte, pmd, pud, p4d, pgd"],
  ])('mm-model %s', async (line, message) => {
    expect(await mmModel(...line.split(' '))).toEqual({
      status: 2,
      stdout: '',
      stderr: `mm-model: ${message}\n`,
    })
  })

  it('also where a file is not UTF-8', async () => {
    const folder = folderWith({})
    const path = `${folder}/latin.scn`
    writeFileSync(path, Buffer.from('create a 64k\n# gr\xfc\xdfe\n', 'latin1'))
    expect(await mmModel('run', path)).toEqual({
      status: 2,
      stdout: '',
      stderr: `mm-model: ${path}:2:1: line 2: not UTF-8; save the file as UTF-8\n`,
    })
  })

  it('also where an operand is empty', async () => {
    expect((await mmModel('run', '')).stderr).toBe('mm-model: run: operand 1 is empty; give it a value\n')
  })
})

describe('help', () => {
  it('is shown without a command, in exit code 2', async () => {
    const { status, stdout, stderr } = await mmModel()
    expect([status, stderr]).toEqual([2, ''])
    expect(stdout).toBe((await mmModel('--help')).stdout)
  })

  const strategy = ['strategy', 'strategy list', 'strategy test', 'strategy new']
  it.each(['', 'run', 'verify', 'compare', 'check', ...strategy, 'pte'])('of %j', async (name) => {
    const words = name.split(' ').filter((word) => word !== '')
    const { status, stdout, stderr } = await mmModel(...words, '--help')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatchSnapshot()
    expect((await mmModel('help', ...words)).stdout).toBe(stdout)
    expect((await mmModel(...words, '-h')).stdout).toBe(stdout)
  })

  it('is shown for commands that share their first word, in exit code 2', async () => {
    const { status, stdout, stderr } = await mmModel('strategy')
    expect([status, stderr]).toEqual([2, ''])
    expect(stdout).toBe((await mmModel('strategy', '--help')).stdout)
  })

  it('is shown whatever else is given', async () => {
    expect((await mmModel('run', '--nonsense', '--help')).stdout).toBe(
      (await mmModel('run', '--help')).stdout,
    )
  })
})

describe('--version', () => {
  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await mmModel('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})
