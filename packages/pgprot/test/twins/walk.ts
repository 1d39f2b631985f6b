/**
 * The walks once more, on bigints and written from the manuals: first the way down as a list, then the rules on it.
 */
import type { Arm64Cpu } from '../../src/arm64/index.ts'
import type { RiscvCpu } from '../../src/riscv64/index.ts'
import type { X86Cpu } from '../../src/x86-64/index.ts'

export interface Access {
  readonly write: boolean
  readonly fetch: boolean
  readonly user: boolean
}

/** What the walk should say. `level` is where it ends; `marks` what it sets or clears in the entries on the way. */
export interface Verdict {
  readonly vector: number
  readonly code: number
  readonly level: number
  readonly marks: (entry: bigint, level: number) => bigint
  /** Of a walk that succeeds. */
  readonly physical: (address: bigint) => bigint
}

const bit = (value: bigint, n: number): boolean => ((value >> BigInt(n)) & 1n) === 1n
const field = (value: bigint, from: number, to: number): bigint =>
  (value >> BigInt(from)) & ((1n << BigInt(to - from + 1)) - 1n)
const same = (entry: bigint): bigint => entry
const nowhere = (): bigint => {
  throw new Error('a fault has no physical address')
}
/** The bits of `frame` from `shift` up, and those of the address below. */
const join = (frame: bigint, shift: number) => (address: bigint) =>
  ((frame >> BigInt(shift)) << BigInt(shift)) | BigInt.asUintN(shift, address)

/** `path` holds the entries from the root (index levels − 1) down; entries below a leaf are not looked at. */
export function x86(levels: number, cpu: X86Cpu, path: (level: number) => bigint, access: Access): Verdict {
  const { write, fetch, user } = access
  const base = (write ? 2 : 0) + (user ? 4 : 0) + (fetch && (cpu.nx || cpu.smep) ? 16 : 0)
  const seen: bigint[] = []
  for (let level = levels - 1; level >= 0; level--) {
    const entry = path(level)
    const stop = (code: number): Verdict => ({ vector: 14, code, level, marks: same, physical: nowhere })
    if (!bit(entry, 0)) return stop(base)
    const leaf = level === 0 || bit(entry, 7)
    const reserved = [
      cpu.physBits < 52 && field(entry, cpu.physBits, 51) !== 0n,
      !cpu.nx && bit(entry, 63),
      level >= 3 && bit(entry, 7),
      level === 2 && bit(entry, 7) && (!cpu.gbPages || field(entry, 13, 29) !== 0n),
      level === 1 && bit(entry, 7) && field(entry, 13, 20) !== 0n,
    ]
    if (reserved.includes(true)) return stop(base + 1 + 8)
    seen.push(entry)
    if (!leaf) continue

    const writable = seen.every((e) => bit(e, 1))
    const userPage = seen.every((e) => bit(e, 2))
    const executable = seen.every((e) => !bit(e, 63))
    const key = Number(field(entry, 59, 62))
    const accessDisable = bit(BigInt(cpu.pkru >>> 0), 2 * key)
    const writeDisable = bit(BigInt(cpu.pkru >>> 0), 2 * key + 1)
    const strict = user || cpu.writeProtect
    const keyDenies = userPage && !fetch && (accessDisable || (writeDisable && write && strict))
    const denied = [
      user && !userPage,
      !user && userPage && fetch && cpu.smep,
      !user && userPage && !fetch && cpu.smap,
      write && !writable && strict,
      fetch && !executable,
      keyDenies,
    ]
    if (denied.includes(true)) return stop(base + 1 + (keyDenies ? 32 : 0))
    return {
      vector: 0,
      code: 0,
      level,
      marks: (e, l) => (l < level ? e : e | 0x20n | (write && l === level ? 0x40n : 0n)),
      physical: join(entry & 0x000f_ffff_ffff_f000n, 12 + 9 * level),
    }
  }
  throw new Error('a walk ends at the last level')
}

export function arm64(
  levels: number,
  pageShift: number,
  cpu: Arm64Cpu,
  path: (level: number) => bigint,
  access: Access,
): Verdict {
  const { write, fetch, user } = access
  const vector = (fetch ? 0x20 : 0x24) + (user ? 0 : 1)
  const syndrome = vector * 2 ** 26 + 2 ** 25 + (write ? 0x40 : 0)
  const maxLeafLevel = pageShift === 12 ? 2 : 1
  const output = (e: bigint): bigint =>
    (field(e, pageShift, 47) << BigInt(pageShift)) | (pageShift === 16 ? field(e, 12, 15) << 48n : 0n)
  const above: bigint[] = []
  for (let level = levels - 1; level >= 0; level--) {
    const entry = path(level)
    const stop = (status: number): Verdict => ({
      vector,
      code: syndrome + status + 3 - level,
      level,
      marks: same,
      physical: nowhere,
    })
    const type = field(entry, 0, 1)
    if (type === 3n && level > 0) {
      above.push(entry)
      continue
    }
    const block = type === 1n && level >= 1 && level <= maxLeafLevel
    if (!(block || (type === 3n && level === 0))) return stop(4)
    if (!bit(entry, 10) && !cpu.hwAccessed) return stop(8)

    const el0Access = bit(entry, 6) && !above.some((e) => bit(e, 61))
    const el0Exec = !bit(entry, 54) && !above.some((e) => bit(e, 60))
    const el1Exec = !bit(entry, 53) && !above.some((e) => bit(e, 59))
    const byDirtyBit = bit(entry, 7) && bit(entry, 51) && cpu.hwDirty
    const writable = (!bit(entry, 7) || byDirtyBit) && !above.some((e) => bit(e, 62))
    const pan = cpu.pan && (el0Access || (cpu.epan && el0Exec))
    const granted = user
      ? fetch
        ? el0Exec
        : el0Access && (!write || writable)
      : fetch
        ? el1Exec && !(el0Access && writable)
        : !pan && (!write || writable)
    if (!granted) return stop(12)
    return {
      vector: 0,
      code: 0,
      level,
      marks: (e, l) => (l === level ? (e | 0x400n) & (write && byDirtyBit ? ~0x80n : ~0n) : e),
      physical: join(output(entry), pageShift + (pageShift - 3) * level),
    }
  }
  throw new Error('a walk ends at the last level')
}

export function riscv(
  levels: number,
  cpu: RiscvCpu,
  path: (level: number) => bigint,
  access: Access,
): Verdict {
  const { write, fetch, user } = access
  const cause = fetch ? 12 : write ? 15 : 13
  for (let level = levels - 1; level >= 0; level--) {
    const entry = path(level)
    const stop: Verdict = { vector: cause, code: cause, level, marks: same, physical: nowhere }
    const [v, r, w, x, u, , a, d] = Array.from({ length: 8 }, (_, n) => bit(entry, n))
    const leaf = r || w || x
    const thead = cpu.memoryTypes === 'thead'
    const type = field(entry, 61, 62)
    const malformed = [
      !v,
      w && !r,
      field(entry, 54, thead ? 58 : 60) !== 0n,
      !thead && type === 3n,
      !thead && type !== 0n && (cpu.memoryTypes === 'none' || !leaf),
      !thead && bit(entry, 63) && (!cpu.svnapot || !leaf || level > 0),
      !leaf && (a || d || u),
      !leaf && level === 0,
    ]
    if (malformed.includes(true)) return stop
    if (!leaf) continue

    const napot = !thead && bit(entry, 63)
    const denied = [
      fetch ? !x : write ? !w : !(r || (cpu.mxr && x)),
      user ? !u : u && (fetch || !cpu.sum),
      napot ? field(entry, 10, 13) !== 8n : level > 0 && field(entry, 10, 9 + 9 * level) !== 0n,
      !cpu.svadu && (!a || (write && !d)),
    ]
    if (denied.includes(true)) return stop
    return {
      vector: 0,
      code: 0,
      level,
      marks: (e, l) => (l === level ? e | 0x40n | (write ? 0x80n : 0n) : e),
      physical: join(field(entry, 10, 53) << 12n, napot ? 16 : 12 + 9 * level),
    }
  }
  throw new Error('a walk ends at the last level')
}
