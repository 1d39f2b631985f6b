import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPackages, root } from './workspace.ts'

const folder = join(root, '.changeset')
const published = readPackages()
  .filter(({ manifest }) => !manifest.private)
  .map(({ manifest }) => manifest.name)

test('every changeset bumps published packages and says what changed', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')) {
    const parts = /^---\n(.*?)\n---\n\n\S/s.exec(readFileSync(join(folder, file), 'utf8'))
    expect(parts, `${file}: front matter between two lines of ---, an empty line, the text`).not.toBeNull()
    for (const line of parts![1]!.split('\n')) {
      const bump = /^['"](.+)['"]: (major|minor|patch)$/.exec(line)
      expect(bump, `${file}: ${line}`).not.toBeNull()
      expect(published, file).toContain(bump![1])
    }
  }
})
