import { describe, expect, it } from 'vitest'
import { straighten } from '../transform.mjs'

const HEADER = '// Derived from ../steps/x.ts by `pnpm straighten`; edit that file, not this one.\n'

/** The twin without its first line. */
function twin(source: string): string {
  const text = straighten(source, 'x.ts')
  expect(text.startsWith(HEADER)).toBe(true)
  return text.slice(HEADER.length)
}

// What it is, the stepped source, its twin; a line break is `⏎`, which keeps each case on a line of its own.
const RULES: readonly (readonly [rule: string, stepped: string, plain: string])[] = [
  ['a declaration loses its star', 'function* f() {}', 'function f() {}'],
  ['wherever the star is', 'export function *f() {}', 'export function f() {}'],
  ['an expression too', 'const f = function* () {}', 'const f = function () {}'],
  ['a method too', 'const o = { *f() {} }', 'const o = { f() {} }'],
  ['with a gap behind the star', 'class C { * f() {} }', 'class C { f() {} }'],
  [
    'a function without a star stays',
    'function f(a: number) { return a * 2 }',
    'function f(a: number) { return a * 2 }',
  ],
  ['Steps<T> becomes T', 'function* f(a: Steps<number>): Steps<void> {}', 'function f(a: number): void {}'],
  ['inside other types', 'let f: (t: Task) => Steps<Vma | null>', 'let f: (t: Task) => Vma | null'],
  ['and inside itself', 'let f: Steps<Map<string, Steps<number>>>', 'let f: Map<string, number>'],
  ['other types keep their arguments', 'let f: Promise<number>', 'let f: Promise<number>'],
  ['yield* becomes the call', 'function* f() {⏎  yield* g(1)⏎}', 'function f() {⏎  g(1)⏎}'],
  [
    'as a value, too',
    'function* f() {⏎  const a = yield* g()⏎  return yield* h(a)⏎}',
    'function f() {⏎  const a = g()⏎  return h(a)⏎}',
  ],
  [
    'in brackets, which stay',
    'function* f() {⏎  return (yield* g()) || (yield* h())⏎}',
    'function f() {⏎  return (g()) || (h())⏎}',
  ],
  [
    'in the arguments of another',
    'function* f() {⏎  return yield* g(yield* h(), 1)⏎}',
    'function f() {⏎  return g(h(), 1)⏎}',
  ],
  [
    'a step goes with its line',
    'function* f() {⏎  a()⏎  yield STEP_LOCK⏎  b()⏎}',
    'function f() {⏎  a()⏎  b()⏎}',
  ],
  [
    'and the comment on it',
    'function* f() {⏎  yield STEP_FLAG // tested below⏎  b()⏎}',
    'function f() {⏎  b()⏎}',
  ],
  ['even as the last line', 'function* f() {⏎  b()⏎  yield STEP_UNLOCK⏎}', 'function f() {⏎  b()⏎}'],
  [
    'what a step touches goes with its line',
    'function* f() {⏎  a()⏎  touches(t, TOUCH_LOCK, sem.name, TOUCH_ACQUIRE)⏎  b()⏎}',
    'function f() {⏎  a()⏎  b()⏎}',
  ],
  [
    'however it is said, and over however many lines',
    'function* f() {⏎  touchesPath(⏎    t,⏎    mm,⏎  )⏎  b()⏎}',
    'function f() {⏎  b()⏎}',
  ],
  [
    'what touches something else stays',
    'function f() {⏎  inode.touches()⏎  touch()⏎}',
    'function f() {⏎  inode.touches()⏎  touch()⏎}',
  ],
  [
    'with the imports that only it needs',
    "import { type Task } from '../task.ts'⏎import { TOUCH_LOCK, touches } from '../touch.ts'⏎a()",
    "import { type Task } from '../task.ts'⏎a()",
  ],
  [
    'the yield of a call becomes the call',
    'function* f() {⏎  while (taken) yield blocked(t, sem)⏎}',
    'function f() {⏎  while (taken) blocked(t, sem)⏎}',
  ],
  [
    'the stepped form of a handler becomes the plain one',
    'function* f() {⏎  return yield* ops.steps.fault(t, vmf)⏎}',
    'function f() {⏎  return ops.plain.fault(t, vmf)⏎}',
  ],
  [
    'also where it is only looked at',
    'if (ops === null || ops.steps.hugeFault === null) a()',
    'if (ops === null || ops.plain.hugeFault === null) a()',
  ],
  [
    'a name of its own is left',
    'const steps = 1; const { plain } = steps',
    'const steps = 1; const { plain } = steps',
  ],
  [
    'imports of the stepped package become those of the plain one',
    "import { blocked } from '@mm-model/core/steps'",
    "import { blocked } from '@mm-model/core/plain'",
  ],
  ['and of nothing else', "import { a } from './steps.ts'", "import { a } from './steps.ts'"],
  [
    'imports of step numbers go',
    "import { STEP_LOCK, type Steps, type Task } from '../step.ts'⏎a()",
    "import { type Task } from '../step.ts'⏎a()",
  ],
  [
    'with the whole import if nothing is left',
    "import { STEP_LOCK, type Steps } from '../step.ts'⏎a()",
    'a()',
  ],
  ['or if only the type was there', "import type { Steps } from '../step.ts'⏎a()", 'a()'],
  ['a star import stays', "import * as a from '../a.ts'", "import * as a from '../a.ts'"],
  ['so does an export', "export { a } from './a.ts'", "export { a } from './a.ts'"],
  [
    'comments and strings are text',
    "/** Steps<T>, yield* f(), function* */⏎const s = 'yield STEP_LOCK'",
    "/** Steps<T>, yield* f(), function* */⏎const s = 'yield STEP_LOCK'",
  ],
]

const ERRORS: readonly (readonly [what: string, stepped: string, message: string])[] = [
  [
    'a step as the body of a branch, which the next statement would become',
    'function* f() {⏎  if (a) yield STEP_LOCK⏎  b()⏎}',
    'x.ts: a step that is the whole body of a branch cannot be taken out: yield STEP_LOCK',
  ],
  [
    'a step as the body of a loop',
    'function* f() {⏎  while (a) yield STEP_LOCK⏎}',
    'x.ts: a step that is the whole body of a branch cannot be taken out: yield STEP_LOCK',
  ],
  [
    'what a step touches as the body of a branch',
    'function* f() {⏎  if (a) touches(t)⏎  b()⏎}',
    'x.ts: what a step touches can only be said in a statement of a block: touches(t)',
  ],
  [
    'what a step touches as a value',
    'function* f() {⏎  const a = touches(t)⏎}',
    'x.ts: what a step touches can only be said in a statement of a block: touches(t)',
  ],
  [
    'a step as a value',
    'function* f() {⏎  const a = yield STEP_LOCK⏎}',
    'x.ts: a step has no value: yield STEP_LOCK',
  ],
  ['a call as a value', 'function* f() {⏎  return yield g()⏎}', 'x.ts: a step has no value: yield g()'],
  [
    'something else on the line behind it',
    'function* f() {⏎  yield STEP_LOCK; b()⏎}',
    'x.ts: something else is on the line of what is taken out: yield STEP_LOCK;',
  ],
  [
    'something else on the line before it',
    'function* f() {⏎  b(); yield STEP_LOCK⏎}',
    'x.ts: something else is on the line of what is taken out: yield STEP_LOCK',
  ],
  [
    'a choice of calls, of which none would be made',
    'function* f() {⏎  yield a ? g() : h()⏎}',
    'x.ts: only a STEP_ number or a call can be yielded: yield a ? g() : h()',
  ],
  ['nothing', 'function* f() {⏎  yield⏎}', 'x.ts: only a STEP_ number or a call can be yielded: yield'],
]

describe('straightening', () => {
  const lines = (text: string): string => text.replaceAll('⏎', '\n')

  it.each(RULES)('%s', (_rule, stepped, plain) => {
    expect(twin(lines(stepped))).toBe(lines(plain))
  })

  it.each(RULES)('a second time changes nothing: %s', (_rule, _stepped, plain) => {
    expect(twin(lines(plain))).toBe(lines(plain))
  })

  it.each(ERRORS)('refuses %s', (_what, stepped, message) => {
    expect(() => twin(lines(stepped))).toThrowError(new Error(message))
  })
})
