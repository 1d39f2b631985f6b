import { expect, test } from 'vitest'
import { CaptureError } from '../src/capture-error.ts'
import { findKernel, KERNELS } from '../src/kernels.ts'
import { checkLayout } from '../src/layout-check.ts'
import { kernelArguments } from '../src/machine.ts'
import { LAYOUT_MEMBERS, probeLines } from '../src/probes.ts'

test('names are unique', () => {
  expect(new Set(KERNELS.map(({ name }) => name)).size).toBe(KERNELS.length)
})

test.each(KERNELS)('$name names a package by version and digest', ({ image, build, layout }) => {
  expect(image.package).toMatch(
    build === undefined ? /^linux-image-[a-z0-9.+-]+-amd64$/ : /^linux-source-[0-9.]+$/,
  )
  expect(image.version).toMatch(/^\d+\.\d+/)
  expect(image.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(Object.keys(layout).sort()).toEqual(Object.keys(LAYOUT_MEMBERS).sort())
  for (const offset of Object.values(layout)) expect(offset % 8).toBe(0)
})

test.each(KERNELS)('$name has probes that are complete lines', ({ layout, absentProbes }) => {
  const lines = probeLines(layout, absentProbes)
  for (const line of lines) expect(line).toMatch(/^[pr]:\w+ \w+( \w+=\S+)*$/)
  // Fewer bytes than the agent's buffer for one line.
  for (const line of lines) expect(line.length).toBeLessThan(500)
  expect(lines.filter((line) => line.includes('{'))).toEqual([])
  for (const name of absentProbes) expect(lines.some((line) => line.startsWith(`p:${name} `))).toBe(false)
})

test('offsets are where the probe needs them', () => {
  const [hmf] = probeLines(findKernel('6.12').layout, [])
  expect(hmf).toBe(
    'p:hmf handle_mm_fault addr=$arg2:x64 flags=$arg3:x32 vmflags=+32($arg1):x64 vmprot=+24($arg1):x64 pgd=+120(+16($arg1)):x64',
  )
})

test('an unknown kernel is refused with the known ones', () => {
  expect(() => findKernel('6.13')).toThrow(
    "--kernel: found '6.13', expected one of 6.1, 6.12, 6.1-strategies; did you mean '6.1",
  )
  expect(() => findKernel('windows')).toThrow('the README says how to add a kernel')
})

test('a layout that is not the image’s is refused, with both offsets', () => {
  const { layout } = findKernel('6.1')
  expect(() => checkLayout('6.1', layout, layout)).not.toThrow()
  for (const [actual, found] of [
    [120, 'offset 120 in the image'],
    [null, 'no such member in the image'],
  ] as const) {
    try {
      checkLayout('6.1', layout, { ...layout, mmPgd: actual })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(CaptureError)
      expect(error).toMatchObject({ code: 'CAPTURE_LAYOUT_MISMATCH', found })
    }
  }
})

test('the kernel is told where persistent memory is, and what the user adds comes last', () => {
  const words = kernelArguments('xfs', 'warm', 'transparent_hugepage=never').split(' ')
  expect(words).toContain('memmap=512M!1024M')
  expect(words).toContain('CAPTURE_FS=xfs')
  expect(words.at(-1)).toBe('transparent_hugepage=never')
})
