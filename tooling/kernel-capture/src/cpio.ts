/** Writes the archive that a kernel unpacks at boot: cpio in the format "newc". */

export interface ArchiveFile {
  /** From the root, without a slash before it. */
  readonly path: string
  readonly bytes: Buffer
  readonly executable: boolean
}

const DIRECTORY: number = 0o040755
const PROGRAM: number = 0o100755
const FILE: number = 0o100644

/** An archive of files, in their order, each folder before what is in it. The same files give the same bytes. */
export function cpio(files: readonly ArchiveFile[], emptyFolders: readonly string[]): Buffer {
  const parts: Buffer[] = []
  const made = new Set<string>()
  let inode = 0
  const add = (path: string, mode: number, bytes: Buffer): void => {
    inode++
    parts.push(header({ path, mode, inode, size: bytes.length }), bytes, padding(bytes.length))
  }
  const addFolder = (path: string): void => {
    if (path === '' || made.has(path)) return
    addFolder(parentOf(path))
    made.add(path)
    add(path, DIRECTORY, Buffer.alloc(0))
  }
  for (const folder of emptyFolders) addFolder(folder)
  for (const { path, bytes, executable } of files) {
    addFolder(parentOf(path))
    add(path, executable ? PROGRAM : FILE, bytes)
  }
  parts.push(header({ path: 'TRAILER!!!', mode: 0, inode: 0, size: 0 }))
  return Buffer.concat(parts)
}

interface Entry {
  readonly path: string
  readonly mode: number
  readonly inode: number
  readonly size: number
}

function header({ path, mode, inode, size }: Entry): Buffer {
  const name = Buffer.from(`${path}\0`)
  // Magic, then 13 fields of 8 hex digits: inode, mode, uid, gid, links, mtime, size, four device numbers, length of
  // the name, check sum.
  const fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length, 0]
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([Buffer.from(text), name, padding(text.length + name.length)])
}

/** Header with name, and contents, each end at a multiple of four. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4)
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}
