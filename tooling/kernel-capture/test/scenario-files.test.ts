import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LIMITS } from '../src/agent.ts'
import { readScenarios } from '../src/scenario-files.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mm-model-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('scenarios come in the order of their names, without the zero page', () => {
  const folder = folderWith({ 'b.scn': 'freeze\n', 'a.scn': 'thaw\n', '000-zero.scn': 'x', 'notes.txt': '' })
  expect(readScenarios(folder).map(({ name }) => name)).toEqual(['a', 'b'])
})

test.each([
  [{}, 'found no scenario, expected files that end in .scn'],
  [{ 'a.scn': 'stroe m 0\n' }, "a.scn:1:1: found 'stroe', expected an operation"],
  [{ 'a b.scn': 'freeze\n' }, 'found its name'],
  [{ '0.scn': 'freeze\n' }, 'found its name'],
  [{ 'a.scn': `mmap ${'m'.repeat(64)} anon 0 4k rw private\n` }, 'a name of 64 bytes'],
  [
    { 'a.scn': Array.from({ length: 9 }, (_, i) => `fork c${i}\n`).join('') },
    'line 9: found more than 8 children',
  ],
  [{ 'a.scn': Array.from({ length: 65 }, (_, i) => `create f${i} 1\n`).join('') }, 'more than 64 files'],
])('%j is refused before anything boots', (files, message) => {
  expect(() => readScenarios(folderWith(files as Record<string, string>))).toThrow(message)
})

test('a folder that is not there is refused', () => {
  expect(() => readScenarios('/nowhere/at/all')).toThrow('/nowhere/at/all: found nothing there')
})

test('the limits are those that the agent is compiled with', () => {
  const header = readFileSync(join(import.meta.dirname, '..', 'agent', 'agent.h'), 'utf8')
  const defined = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)?.[1])
  expect(LIMITS).toEqual({
    nameBytes: defined('NAME_SIZE') - 1,
    mappings: defined('MAX_MAPPINGS'),
    files: defined('MAX_FILES'),
    children: defined('MAX_CHILDREN'),
  })
})
