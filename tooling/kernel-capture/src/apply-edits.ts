/** Applies edits to the text of the kernel's source. */
import { CaptureError, quoted } from './capture-error.ts'
import type { Edit } from './kernel-edits.ts'

/**
 * The text of a file with an edit applied.
 *
 * @throws {CaptureError} CAPTURE_SOURCE where the place of the edit is not there exactly once.
 */
export function applyEdit(text: string, edit: Edit): string {
  switch (edit.kind) {
    case 'append':
      return `${text}\n#include ${edit.header}\n`
    case 'include': {
      const at =
        edit.before === undefined ? text.indexOf('#include') : definition(text, edit, edit.before).start
      if (at < 0) throw notThere(edit, 'an #include', 0)
      return insert(text, at, `#include ${edit.header}\n`)
    }
    case 'line': {
      const places = [...text.matchAll(new RegExp(`^[\\t ]*${literal(edit.after)}(?!\\w)[^\\n]*\\n`, 'gm'))]
      const [place] = places
      if (place === undefined || places.length > 1)
        throw notThere(edit, `a line that begins with ${quoted(edit.after)}`, places.length)
      return insert(text, place.index + place[0].length, `${edit.text}\n`)
    }
    case 'redirect': {
      const { body, end } = definition(text, edit, edit.in)
      const calls = [...text.slice(body, end).matchAll(new RegExp(`\\b${edit.call}\\(`, 'g'))]
      if (calls.length !== 1) throw notThere(edit, `a call of ${edit.call} in ${edit.in}`, calls.length)
      const from = body + calls[0]!.index
      return text.slice(0, from) + edit.to + text.slice(from + edit.call.length)
    }
    case 'follow': {
      const { body, end } = definition(text, edit, edit.in)
      const places = [...text.slice(body, end).matchAll(new RegExp(`${before(edit.after)}[^;]*;`, 'g'))]
      if (places.length !== 1) throw notThere(edit, `${quoted(edit.after)} in ${edit.in}`, places.length)
      return insert(text, body + places[0]!.index + places[0]![0].length, `\n\t${edit.statement}`)
    }
    case 'finish': {
      const { body, end } = definition(text, edit, edit.in)
      const last = text.slice(body, end).lastIndexOf('\treturn ')
      if (last < 0) throw notThere(edit, `a return in ${edit.in}`, 0)
      return insert(text, body + last, `\t${edit.statement}\n`)
    }
  }
}

/**
 * Where the definition of a function, or of a system call, begins, where its body does, and where both end. In the kernel's style its body opens and closes
 * with a brace in the first column.
 */
function definition(
  text: string,
  edit: Edit,
  name: string,
): { readonly start: number; readonly body: number; readonly end: number } {
  const places = [
    ...text.matchAll(
      new RegExp(`^(?:[A-Za-z_][^\\n;=(]*[ *])?${name}\\([^;{]*\\n\\{\\n[^]*?\\n\\}\\n`, 'gm'),
    ),
  ]
  const [place] = places
  if (place === undefined || places.length > 1) throw notThere(edit, `the function ${name}`, places.length)
  const end = place.index + place[0].length
  return {
    // With its comment, and its type where that has a line of its own.
    start: text.lastIndexOf('\n\n', place.index) + 2,
    body: text.indexOf('\n{\n', place.index),
    end,
  }
}

/** A word boundary, where the words begin with a letter. */
function before(words: string): string {
  return `\\b${literal(words)}`
}

/** Words as they are, with any white space between them. */
function literal(words: string): string {
  return words.replace(/[.*+?^${}()|[\]\\>-]/g, '\\$&').replace(/ /g, '\\s+')
}

function insert(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at)
}

function notThere(edit: Edit, what: string, times: number): CaptureError {
  return new CaptureError(edit.file, {
    code: 'CAPTURE_SOURCE',
    found: times === 0 ? `no ${what.replace(/^an? |^the /, '')}` : `${what} ${times} times`,
    expected: `${what}, once`,
    remedy: 'the edits are for the source that src/kernels.ts names: take that, or adapt src/kernel-edits.ts',
  })
}
