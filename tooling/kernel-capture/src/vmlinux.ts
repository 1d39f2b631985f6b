/** Gets the kernel proper out of the file that a machine boots, and sections out of that. */
import { gunzipSync } from 'node:zlib'
import { CaptureError } from './capture-error.ts'
import { runProgram } from './programs.ts'

/** Offsets in the header of a bzImage: Documentation/arch/x86/boot.rst. */
const SETUP_SECTORS: number = 0x1f1
const MAGIC: number = 0x202
const PAYLOAD_OFFSET: number = 0x248
const PAYLOAD_LENGTH: number = 0x24c
const SECTOR: number = 512

/** What a compressed payload begins with, and how it is undone. */
const COMPRESSIONS: readonly (readonly [magic: string, decompress: (payload: Buffer) => Buffer])[] = [
  ['1f8b', (payload) => gunzipSync(payload)],
  ['fd377a585a00', (payload) => runProgram('xz', ['-dc', '--single-stream'], { input: payload })],
  ['28b52ffd', (payload) => runProgram('zstd', ['-dcq'], { input: payload })],
]

/**
 * The ELF file in a bzImage.
 *
 * @throws {CaptureError} CAPTURE_IMAGE
 */
export function extractVmlinux(image: Buffer, place: string): Buffer {
  if (image.length < 0x250 || image.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS')
    throw notAnImage(place, 'a file without the header of a bzImage')
  const start = ((image[SETUP_SECTORS] || 4) + 1) * SECTOR + image.readUInt32LE(PAYLOAD_OFFSET)
  // The last four bytes are the length of the kernel proper, which decompressors other than gzip's do not expect.
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH))
  const magic = payload.toString('hex', 0, 6)
  const compression = COMPRESSIONS.find(([known]) => magic.startsWith(known))
  if (compression === undefined) throw notAnImage(place, `a payload that begins with ${magic}`)
  const [known, decompress] = compression
  const vmlinux = decompress(known === '1f8b' ? payload : payload.subarray(0, -4))
  if (vmlinux.toString('hex', 0, 4) !== '7f454c46') throw notAnImage(place, 'a payload that is no ELF file')
  return vmlinux
}

/** A section of a 64-bit ELF file by its name, or `null`. */
export function elfSection(elf: Buffer, name: string): Buffer | null {
  const [table, entrySize, count, namesIndex] = [
    Number(elf.readBigUInt64LE(0x28)),
    elf.readUInt16LE(0x3a),
    elf.readUInt16LE(0x3c),
    elf.readUInt16LE(0x3e),
  ]
  const section = (index: number): { readonly name: number; readonly bytes: Buffer } => {
    const header = table + index * entrySize
    const offset = Number(elf.readBigUInt64LE(header + 0x18))
    return {
      name: elf.readUInt32LE(header),
      bytes: elf.subarray(offset, offset + Number(elf.readBigUInt64LE(header + 0x20))),
    }
  }
  const names = section(namesIndex).bytes
  for (let index = 0; index < count; index++) {
    const { name: start, bytes } = section(index)
    if (names.toString('latin1', start, names.indexOf(0, start)) === name) return bytes
  }
  return null
}

function notAnImage(place: string, found: string): CaptureError {
  return new CaptureError(place, {
    code: 'CAPTURE_IMAGE',
    found,
    expected: 'a bzImage whose kernel is compressed with gzip, xz or zstd',
    remedy: 'give the package of a Debian kernel for amd64',
  })
}
