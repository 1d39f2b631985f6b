/** Boots a kernel to count instructions, and reads what the guest has printed. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCounter } from './agent.ts'
import { CaptureError, quoted } from './capture-error.ts'
import type { Counts, Row } from './count-table.ts'
import { attempt } from './files.ts'
import { initramfs } from './initramfs.ts'
import type { KernelImage } from './kernel-image.ts'
import { COUNTED_FILE_SYSTEMS, strategyArguments } from './machine.ts'
import { runGuest } from './qemu.ts'
import { progress } from './record.ts'

/** Both sizes, each in its own pass over all combinations, and on xfs again for reflinked blocks. */
const passesOn = (fs: string): number => (fs === 'xfs' ? 4 : 2)

/** Many times what it takes on a slow machine. */
const TIMEOUT_SECONDS: number = 4 * 3600

/** One to be counted: a kernel under a strategy on a file system. */
export interface CountRequest {
  readonly image: KernelImage
  readonly strategy: string | null
  readonly fs: string
  readonly cpu: string
}

/**
 * What each combination costs on one file system under one strategy.
 *
 * @throws {CaptureError} CAPTURE_GUEST_FAILED, CAPTURE_TIMEOUT, CAPTURE_BAD_LOG, CAPTURE_INCOMPLETE_LOG
 */
export async function count(request: CountRequest, tell: (line: string) => void): Promise<Counts> {
  const { image, strategy, fs, cpu } = request
  const work = attempt(tmpdir(), 'a folder that can be written', 'set TMPDIR to another', () =>
    mkdtempSync(join(tmpdir(), 'mm-model-capture-')),
  )
  const counter = join(work, 'count')
  buildCounter(counter)
  const initrd = join(work, 'initrd.gz')
  writeFileSync(initrd, initramfs(image, { kind: 'count', counter }))
  const what = `${fs}${strategy === null ? '' : `, ${strategy}`}`
  tell(`booting ${image.release}: counting on ${what}`)
  const { log } = await runGuest({
    vmlinuz: image.vmlinuz,
    initrd,
    fs: COUNTED_FILE_SYSTEMS[fs] ?? fs,
    cpu,
    signalStack: 'warm',
    kernelArguments: `${strategyArguments(strategy)} CAPTURE_TASK=count`.trim(),
    folder: work,
    timeoutSeconds: TIMEOUT_SECONDS,
    mark: 'COUNT ',
    onProgress: progress(combinationsOn(fs), `combinations on ${what}`, tell),
  })
  const counts = parseCounts(log, passesOn(fs), existsSync(work) ? join(work, 'agent.log') : 'the log')
  rmSync(work, { recursive: true, force: true })
  return counts
}

/** Both sizes, areas, blocks (reflinked ones on xfs alone), accesses, and what is around. */
function combinationsOn(fs: string): number {
  return 2 * 2 * (fs === 'xfs' ? 4 : 3) * 4 * 7
}

const LINE: RegExp = /^COUNT (.+) (\d+\.\d) least=(\d+) most=(\d+) leaves=(\d+) of=(\d+)$/

/**
 * The rows of a counter's log.
 *
 * @throws {CaptureError} CAPTURE_BAD_LOG for a line that is none of the counter's, CAPTURE_INCOMPLETE_LOG without its end.
 */
export function parseCounts(log: string, passes: number, place: string): Counts {
  const rows = new Map<string, Row>()
  let ends = 0
  for (const [i, line] of log.split('\n').entries()) {
    if (line === 'COUNTED') ends++
    if (line === '' || line === 'COUNTED' || line.startsWith('EMPTY ')) continue
    const [, key, mean, least, most, leaves, of] = LINE.exec(line) ?? []
    if (key === undefined || rows.has(key))
      throw new CaptureError(`${place}, line ${i + 1}`, {
        code: 'CAPTURE_BAD_LOG',
        found: quoted(line),
        expected: key === undefined ? 'a line COUNT …' : 'each combination once',
        remedy: 'the guest’s counter is counter/count.c; a line FAILED says what it could not do',
      })
    rows.set(key, {
      mean: Number(mean),
      least: Number(least),
      most: Number(most),
      hugeLeaf: Number(leaves) === Number(of),
    })
  }
  if (ends !== passes)
    throw new CaptureError(place, {
      code: 'CAPTURE_INCOMPLETE_LOG',
      found: `${ends} of ${passes} passes`,
      expected: 'all of them',
      remedy: 'count again',
    })
  return rows
}
