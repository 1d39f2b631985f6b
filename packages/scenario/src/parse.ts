import { isAssertion, readAssertion } from './assertion-rules.ts'
import { checkLine } from './check-line.ts'
import { isSeparator, LineWords, type Word, wordsOf } from './line-words.ts'
import { didYouMean } from './nearest.ts'
import { readOperation, type Scope } from './operation-rules.ts'
import { splitBranches } from './parallel-line.ts'
import { quoted, ScenarioSyntaxError } from './scenario-error.ts'
import type { Assertion, Branch, Operation, Scenario, SingleOperation, SingleWords } from './syntax.ts'

/** Each has a CPU of its own, and so has each branch of a child; a machine has 64. */
const MOST_THREADS: number = 30

/** Whom `@name` means. */
interface Actor {
  readonly scope: Scope
  /** It is a child, or a thread of one. */
  readonly inChild: boolean
}

/**
 * Parses the text of a scenario file.
 *
 * @param options.name What the scenario is called: its file's name without `.scn`.
 * @throws {ScenarioSyntaxError} at the first word that the language does not define.
 */
export function parseScenario(text: string, options: { readonly name: string }): Scenario {
  const parser = new Parser()
  // The newline that ends the last line begins no other.
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  for (const [index, source] of lines.entries()) {
    checkLine(index + 1, source)
    if (!source.startsWith('#')) parser.line(index + 1, source)
  }
  const { ops, assertions } = parser
  if (ops.length === 0)
    throw new ScenarioSyntaxError(lines.length, 1, {
      code: 'SCENARIO_EMPTY',
      found: 'the end of the scenario',
      expected: 'an operation',
      remedy: 'a scenario begins with `create F SIZE` or `mmap M anon …`',
    })
  return { name: options.name, ops, assertions }
}

class Parser {
  readonly ops: Operation[] = []
  readonly assertions: Assertion[] = []
  readonly #names: Set<string> = new Set()
  readonly #first: Actor = { scope: { files: new Set(), tasks: this.#names }, inChild: false }
  readonly #actors: Map<string, Actor> = new Map()
  #threads: number = 0
  /** The parallel line; 0 when there was none. */
  #parallel: number = 0

  line(line: number, text: string): void {
    const all = wordsOf(text)
    if (all.length === 0) return
    if (all.some(isSeparator)) {
      this.#parallelLine(line, text, all)
      return
    }
    const words = new LineWords(line, all, text.length + 1)
    const who = this.#who(words)
    const actor = this.#actor(who)
    if (isAssertion(words.peek)) {
      const assertion = readAssertion(words, actor.scope)
      words.end()
      this.assertions.push({ ...assertion, line, text, who })
      return
    }
    this.ops.push({ ...this.#operation(words, actor, this.#actors), line, text, who })
  }

  #parallelLine(line: number, text: string, all: readonly Word[]): void {
    if (this.#parallel > 0)
      throw new ScenarioSyntaxError(line, all[0]!.column, {
        code: 'SCENARIO_UNDEFINED',
        found: 'a second parallel line',
        expected: `one, as line ${this.#parallel} is`,
        remedy: 'put its operations into the branches of the first, or on lines of their own',
      })
    this.#parallel = line
    const branches: Branch[] = []
    const scopes: Scope[] = []
    const made = new Map<string, Actor>()
    for (const operations of splitBranches(line, text, all)) {
      const who = this.#who(operations[0]!)
      if (branches.some((branch) => branch.who === who)) refuseTwice(operations[0]!, who)
      const { scope, inChild } = this.#actor(who)
      // What one branch makes, the others cannot count on.
      const own = { scope: { ...scope, files: new Set(scope.files) }, inChild }
      const ops = operations.map((words): SingleOperation => {
        const text = `${who === null ? '' : `@${who} `}${words.rest}`
        if (words.peek === 'thread') refuseThread(words)
        return { ...this.#operation(words, own, made), line, text, who }
      })
      branches.push({ who, ops })
      scopes.push(own.scope)
    }
    this.ops.push({ op: 'parallel', branches, line, text, who: null })
    for (const [i, { who }] of branches.entries()) {
      for (const file of scopes[i]!.files) this.#actor(who).scope.files.add(file)
    }
    for (const [name, actor] of made) this.#actors.set(name, actor)
  }

  /** Reads an operation to its end; tasks that it makes go to `made`. */
  #operation(words: LineWords, actor: Actor, made: Map<string, Actor>): SingleWords {
    const { scope, inChild } = actor
    if (words.peek === 'fork' && inChild) refuseGrandchild(words)
    const operation = readOperation(words, scope)
    if (operation.op === 'thread' && ++this.#threads > MOST_THREADS) refuseThreads(words)
    words.end()
    if (operation.op === 'create') scope.files.add(operation.file)
    if (operation.op === 'fork') {
      this.#names.add(operation.childName)
      // A child inherits the open files; what either creates later is its own.
      made.set(operation.childName, { scope: { ...scope, files: new Set(scope.files) }, inChild: true })
    }
    if (operation.op === 'thread') {
      this.#names.add(operation.threadName)
      made.set(operation.threadName, actor)
    }
    return operation
  }

  /** Takes `@name`, where an earlier line made the child or thread; null where there is none. */
  #who(words: LineWords): string | null {
    if (!words.peek.startsWith('@')) return null
    const name = words.take('a child').slice(1)
    if (this.#actors.has(name)) return name
    return words.complain({
      code: 'SCENARIO_UNKNOWN_CHILD',
      found: quoted(`@${name}`),
      expected: 'a child or a thread made above',
      remedy: didYouMean(
        name,
        [...this.#actors.keys()],
        `write \`fork ${name}\` or \`thread ${name}\` above`,
      ),
    })
  }

  #actor(who: string | null): Actor {
    return who === null ? this.#first : this.#actors.get(who)!
  }
}

function refuseGrandchild(words: LineWords): never {
  words.take('fork')
  return words.complain({
    code: 'SCENARIO_UNDEFINED',
    found: "'fork' in a child",
    expected: 'another operation',
    remedy: 'only the first process forks; fork there',
  })
}

function refuseThread(words: LineWords): never {
  words.take('thread')
  return words.complain({
    code: 'SCENARIO_UNDEFINED',
    found: "'thread' in a parallel line",
    expected: 'another operation',
    remedy: 'make threads on lines above it',
  })
}

function refuseThreads(words: LineWords): never {
  return words.complain({
    code: 'SCENARIO_UNDEFINED',
    found: `more than ${MOST_THREADS} threads`,
    expected: `at most ${MOST_THREADS}`,
    remedy: 'each has a CPU of its own, and the machine has 64; use fewer',
  })
}

function refuseTwice(words: LineWords, who: string | null): never {
  // Of the first process nothing was taken yet, and the first word of its branch is to blame.
  if (who === null) words.take('an operation')
  return words.complain({
    code: 'SCENARIO_DUPLICATE_BRANCH',
    found: `a second branch of ${who === null ? 'the first process' : `@${who}`}`,
    expected: 'a branch of another thread or child',
    remedy: 'put its operations behind those of the other branch, with `;`',
  })
}
