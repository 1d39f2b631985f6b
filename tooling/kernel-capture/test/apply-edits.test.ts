// The edits find their places by names, and refuse where they cannot. The text is made up, in the kernel's style.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyEdit } from '../src/apply-edits.ts'
import { EDITS, type Edit, OWN_FILES } from '../src/kernel-edits.ts'
import { findKernel } from '../src/kernels.ts'

const TEXT = `// a file
#include <linux/one.h>
#include <linux/two.h>

static int helper(struct thing *thing);

static int helper(struct thing *thing)
{
	if (thing->ops->helper)
		return 1;
	return wrap_helper(thing);
}

int
spread_out(
	struct thing	*thing,
	unsigned long	size)
	__releases(thing->lock)
{
	struct other *kept = helper(thing,
				    size);

	start = thing->end;
	if (kept)
		return 0;
	return helper2(thing);
}

SYSCALL_DEFINE2(spread, unsigned long, start, size_t, len)
{
	return spread_out(0, len);
}

#define NAMES \\
	{ FLAG_ONE,	"ONE" },	\\
	{ FLAG_TWO,	"TWO" }
`

const FILE = 'mm/file.c'

/** The lines that an edit takes away and adds. */
function effect(edit: Edit): string[] {
  const [before, after] = [TEXT, applyEdit(TEXT, edit)].map((text) => text.split('\n')) as [
    string[],
    string[],
  ]
  const rest = [...after]
  const gone = before.flatMap((line) => {
    const at = rest.indexOf(line)
    if (at < 0) return [`-${line}`]
    rest.splice(at, 1)
    return []
  })
  return [...gone, ...rest.map((line) => `+${line}`)]
}

/** The line before the one that an edit adds. */
function lineBefore(edit: Edit, added: string): string | undefined {
  const lines = applyEdit(TEXT, edit).split('\n')
  return lines[lines.indexOf(added) - 1]
}

test('a call goes elsewhere in one function only', () => {
  const edit: Edit = { file: FILE, kind: 'redirect', in: 'spread_out', call: 'helper', to: 'our_helper' }
  expect(effect(edit)).toEqual([
    '-	struct other *kept = helper(thing,',
    '+	struct other *kept = our_helper(thing,',
  ])
})

test('a statement follows one that is longer than its line', () => {
  const edit: Edit = {
    file: FILE,
    kind: 'follow',
    in: 'spread_out',
    after: 'helper(',
    statement: 'note(kept);',
  }
  expect(effect(edit)).toEqual(['+	note(kept);'])
  expect(lineBefore(edit, '	note(kept);')).toBe('				    size);')
  const assignment: Edit = { ...edit, after: 'start = thing->end', statement: 'done();' }
  expect(lineBefore(assignment, '	done();')).toBe('	start = thing->end;')
})

test('a statement comes before the last return', () => {
  const edit: Edit = { file: FILE, kind: 'finish', in: 'spread_out', statement: 'done(thing);' }
  expect(effect(edit)).toEqual(['+	done(thing);'])
  expect(lineBefore(edit, '	done(thing);')).toBe('		return 0;')
})

test('includes stand first, last, or before a function, not its declaration', () => {
  expect(lineBefore({ file: FILE, kind: 'include', header: '<a.h>' }, '#include <a.h>')).toBe('// a file')
  const before: Edit = { file: FILE, kind: 'include', header: '"b.h"', before: 'spread_out' }
  expect(applyEdit(TEXT, before)).toContain('}\n\n#include "b.h"\nint\nspread_out(')
  expect(applyEdit(TEXT, { file: FILE, kind: 'include', header: '"b.h"', before: 'helper' })).toContain(
    '#include "b.h"\nstatic int helper(struct thing *thing)\n{',
  )
  expect(
    applyEdit(TEXT, { file: FILE, kind: 'append', header: '"c.c"' }).endsWith('\n#include "c.c"\n'),
  ).toBe(true)
})

test('a line follows the one that begins with words', () => {
  const edit: Edit = { file: FILE, kind: 'line', after: '{ FLAG_ONE', text: '	{ FLAG_NEW },	\\' }
  expect(effect(edit)).toEqual(['+	{ FLAG_NEW },	\\'])
  expect(lineBefore(edit, '	{ FLAG_NEW },	\\')).toContain('FLAG_ONE')
})

test.each<Edit>([
  { file: FILE, kind: 'redirect', in: 'spread_out', call: 'nothing', to: 'x' },
  { file: FILE, kind: 'redirect', in: 'no_function', call: 'helper', to: 'x' },
  { file: FILE, kind: 'redirect', in: 'helper', call: 'helper', to: 'x' },
  { file: FILE, kind: 'follow', in: 'SYSCALL_DEFINE2', after: 'nothing(', statement: 'x;' },
  { file: FILE, kind: 'finish', in: 'wrap_helper', statement: 'x;' },
  { file: FILE, kind: 'line', after: '{ FLAG', text: 'x' },
  { file: FILE, kind: 'line', after: '#include', text: 'x' },
])('refuses $kind where the place is not there once', (edit) => {
  expect(() => applyEdit(TEXT, edit)).toThrow(/mm\/file.c: found .*, expected .*, once/)
})

test('our files are all there, and the parameter takes the strategies of the definition', () => {
  const folder = join(import.meta.dirname, '..', 'kernel')
  expect([...OWN_FILES.map(([file]) => file), 'config'].sort()).toEqual(readdirSync(folder).sort())
  const source = readFileSync(join(folder, 'dax-strategy.c'), 'utf8')
  const names = Array.from(source.matchAll(/^\t\{"([a-z-]+)", /gm), ([, name]) => name)
  expect(names).toEqual(findKernel('6.1-strategies').build?.strategies)
  for (const edit of EDITS)
    if (edit.kind === 'redirect')
      expect(
        OWN_FILES.some(([file]) => readFileSync(join(folder, file), 'utf8').includes(`${edit.to}(`)),
      ).toBe(true)
})
