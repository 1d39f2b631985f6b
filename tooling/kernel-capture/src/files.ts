/** Files and folders, with the system's errors in words. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { CaptureError } from './capture-error.ts'

export function readText(path: string, expected: string): string {
  return readBytes(path, expected).toString('utf8')
}

/** @throws {CaptureError} CAPTURE_FILE */
export function readBytes(path: string, expected: string): Buffer {
  return attempt(path, expected, 'give the path of one', () => readFileSync(path))
}

/** The names in a folder that have an ending, sorted, without the ending. */
export function namesWithEnding(folder: string, ending: string, expected: string): readonly string[] {
  const names = attempt(folder, expected, 'give the path of one', () => readdirSync(folder))
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort()
}

export function makeFolder(path: string): void {
  attempt(path, 'a folder that can be written', 'choose another', () => mkdirSync(path, { recursive: true }))
}

export function writeText(path: string, text: string): void {
  attempt(path, 'a file that can be written', 'choose another folder', () => writeFileSync(path, text))
}

/** @throws {CaptureError} CAPTURE_FILE with the system's reason. */
export function attempt<T>(path: string, expected: string, remedy: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw new CaptureError(
      path,
      { code: 'CAPTURE_FILE', found: systemReason(cause), expected, remedy },
      { cause },
    )
  }
}

function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  switch (code) {
    case 'ENOENT':
      return 'nothing there'
    case 'EACCES':
    case 'EPERM':
      return 'no permission'
    case 'EISDIR':
      return 'a folder'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file'
    case 'ENOSPC':
      return 'a full disk'
    default:
      return code
  }
}
