/**
 * Reads where members of structures are from BTF, the description of its types that a kernel carries in itself
 * (Documentation/bpf/btf.rst). `pahole -C mm_struct` prints the same.
 */
import { CaptureError } from './capture-error.ts'

const MAGIC: number = 0xeb9f
const HEADER_LENGTH: number = 24

const KIND_STRUCT: number = 4
const KIND_UNION: number = 5

/** Bytes that follow a type's own twelve, by its kind: so many, and so many for each element. */
const TRAILERS: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0], // INT
  3: [12, 0], // ARRAY
  4: [0, 12], // STRUCT
  5: [0, 12], // UNION
  6: [0, 8], // ENUM
  13: [0, 8], // FUNC_PROTO
  14: [4, 0], // VAR
  15: [0, 12], // DATASEC
  17: [4, 0], // DECL_TAG
  19: [0, 12], // ENUM64
}
const LAST_KIND: number = 19

/** Types that only stand for another: typedef, volatile, const, restrict, type tag. */
const TRANSPARENT: readonly number[] = [8, 9, 10, 11, 18]

interface Type {
  readonly kind: number
  readonly name: string
  /** Of what stands for another: the other's number. */
  readonly target: number
  readonly members: readonly { readonly name: string; readonly type: number; readonly bits: number }[]
}

/** The types of a kernel. */
export class Btf {
  readonly #types: readonly (Type | null)[]

  /** @throws {CaptureError} CAPTURE_IMAGE for bytes that are not BTF, or BTF of a newer kind. */
  constructor(bytes: Buffer, place: string) {
    this.#types = parse(bytes, place)
  }

  /** The offset of a member in bytes, also one in a structure without a name; `null` if there is none. */
  memberOffset(struct: string, member: string): number | null {
    const type = this.#types.find((t) => t?.kind === KIND_STRUCT && t.name === struct)
    const bits = type == null ? null : this.#bitsIn(type, member)
    return bits === null ? null : bits / 8
  }

  #bitsIn(type: Type, member: string): number | null {
    for (const { name, type: number, bits } of type.members) {
      if (name === member) return bits
      if (name !== '') continue
      const inner = this.#resolve(number)
      const found = inner === null ? null : this.#bitsIn(inner, member)
      if (found !== null) return bits + found
    }
    return null
  }

  #resolve(number: number): Type | null {
    const type = this.#types[number] ?? null
    return type !== null && TRANSPARENT.includes(type.kind) ? this.#resolve(type.target) : type
  }
}

function parse(bytes: Buffer, place: string): readonly (Type | null)[] {
  const refuse = (found: string): never => {
    throw new CaptureError(place, {
      code: 'CAPTURE_IMAGE',
      found,
      expected: 'BTF, version 1',
      remedy: 'find the offsets with pahole instead',
    })
  }
  if (bytes.length < HEADER_LENGTH || bytes.readUInt16LE(0) !== MAGIC) refuse('bytes without its magic')
  if (bytes[2] !== 1) refuse(`version ${bytes[2]}`)
  const start = bytes.readUInt32LE(4)
  const typesStart = start + bytes.readUInt32LE(8)
  const typesEnd = typesStart + bytes.readUInt32LE(12)
  const strings = bytes.subarray(start + bytes.readUInt32LE(16)).subarray(0, bytes.readUInt32LE(20))
  const nameAt = (at: number): string => strings.toString('latin1', at, strings.indexOf(0, at))

  const types: (Type | null)[] = [null]
  for (let at = typesStart; at < typesEnd; ) {
    const info = bytes.readUInt32LE(at + 4)
    const [count, kind, bitfields] = [info & 0xffff, (info >>> 24) & 0x1f, info >>> 31 === 1]
    if (kind === 0 || kind > LAST_KIND) refuse(`a type of kind ${kind}`)
    const members = []
    if (kind === KIND_STRUCT || kind === KIND_UNION)
      for (let i = 0; i < count; i++) {
        const member = at + 12 + i * 12
        const offset = bytes.readUInt32LE(member + 8)
        members.push({
          name: nameAt(bytes.readUInt32LE(member)),
          type: bytes.readUInt32LE(member + 4),
          // Where the structure has bit fields, the upper byte is a width.
          bits: bitfields ? offset & 0xffffff : offset,
        })
      }
    types.push({ kind, name: nameAt(bytes.readUInt32LE(at)), target: bytes.readUInt32LE(at + 8), members })
    const [fixed, each] = TRAILERS[kind] ?? [0, 0]
    at += 12 + fixed + each * count
  }
  return types
}
