/** Which files of a kernel's modules the guest loads, in the order that they have to be loaded in. */
import { CaptureError } from './capture-error.ts'

/**
 * Paths below `lib/modules/RELEASE/`, what a module needs before it.
 *
 * @param wanted Names of modules.
 * @param dependencies The text of modules.dep.
 * @param builtin The text of modules.builtin: what is in the kernel itself needs no loading.
 * @throws {CaptureError} CAPTURE_IMAGE for a module that is in neither.
 */
export function modulesToLoad(
  wanted: readonly string[],
  dependencies: string,
  builtin: string,
): readonly string[] {
  const needs = new Map<string, readonly string[]>()
  for (const line of dependencies.split('\n')) {
    const [path, rest] = line.split(':')
    if (path !== undefined && rest !== undefined) needs.set(path, rest.split(' ').filter(Boolean))
  }
  const paths = new Map([...needs.keys()].map((path) => [moduleName(path), path]))
  const inKernel = new Set(builtin.split('\n').filter(Boolean).map(moduleName))
  const order = new Set<string>()
  for (const name of wanted) {
    const path = paths.get(name)
    if (path !== undefined) {
      // modules.dep lists all that is needed, the most basic last.
      for (const needed of needs.get(path)!.toReversed()) order.add(needed)
      order.add(path)
    } else if (!inKernel.has(name)) {
      throw new CaptureError(`module ${name}`, {
        code: 'CAPTURE_IMAGE',
        found: 'no such module in the image',
        expected: 'it as a module or built in',
        remedy: 'take a kernel that is configured with it',
      })
    }
  }
  return [...order]
}

/** `kernel/fs/ext4/ext4.ko.xz` is `ext4`; in names `-` and `_` are the same. */
export function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.ko(\..*)?$/, '')
    .replaceAll('-', '_')
}
