import { formatAssertion, formatOperation } from './format.ts'
import { parseScenario } from './parse.ts'
import { ScenarioSyntaxError } from './scenario-error.ts'
import { simplerOperations } from './shrink-numbers.ts'
import type { Operation, OperationWords, Scenario } from './syntax.ts'

/** An operation without its place and its text. */
type Words = OperationWords & Pick<Operation, 'who'>

/**
 * The smallest scenario that it finds which still fails: no operation can be left out of it (with what names things that
 * only it made), and no number, flag or child made simpler, without losing the failure. What it asserts stays as it is.
 * Delta debugging over the
 * operations (Zeller and Hildebrandt's ddmin), then over the words of each, until neither gets any further.
 *
 * @param fails Whether a scenario fails; must say the same of the same scenario, and true of the given one.
 * @throws RangeError when the given scenario does not fail
 */
export function shrinkScenario(scenario: Scenario, fails: (scenario: Scenario) => boolean): Scenario {
  const search = new Search(scenario, fails)
  let found = search.attempt(scenario.ops)
  if (found === null) throw new RangeError(`the scenario '${scenario.name}' does not fail: nothing to shrink`)
  for (let before: Scenario | null = null; before !== found; ) {
    before = found
    found = fewerOperations(found, search)
    found = simplerWords(found, search)
  }
  return found
}

/** Asks about candidates, each text once. */
class Search {
  readonly #name: string
  readonly #assertions: readonly string[]
  readonly #fails: (scenario: Scenario) => boolean
  readonly #answers: Map<string, boolean> = new Map()

  constructor({ name, assertions }: Scenario, fails: (scenario: Scenario) => boolean) {
    this.#name = name
    this.#assertions = assertions.map(formatAssertion)
    this.#fails = fails
  }

  /** The scenario of these operations if it fails, without those that name a file or a child that is gone; else null. */
  attempt(operations: readonly Words[]): Scenario | null {
    const scenario = this.#build([...operations.map(formatOperation), ...this.#assertions])
    if (scenario === null) return null
    const text = [...scenario.ops, ...scenario.assertions].map(({ text }) => text).join('\n')
    let answer = this.#answers.get(text)
    if (answer === undefined) {
      answer = this.#fails(scenario)
      this.#answers.set(text, answer)
    }
    return answer ? scenario : null
  }

  #build(lines: string[]): Scenario | null {
    while (lines.length > 0) {
      try {
        return parseScenario(lines.join('\n'), { name: this.#name })
      } catch (error) {
        if (!(error instanceof ScenarioSyntaxError)) throw error
        if (error.code !== 'SCENARIO_UNKNOWN_FILE' && error.code !== 'SCENARIO_UNKNOWN_CHILD') return null
        lines.splice(error.line - 1, 1)
      }
    }
    return null
  }
}

/** Leaves out as many operations as possible: halves first, single ones last. */
function fewerOperations(scenario: Scenario, search: Search): Scenario {
  let found = scenario
  for (let parts = 2; found.ops.length > 1; ) {
    const size = Math.ceil(found.ops.length / parts)
    const smaller = withoutAPart(found, size, search)
    if (smaller !== null) {
      found = smaller
      parts = Math.max(parts - 1, 2)
    } else if (size === 1) break
    else parts = Math.min(parts * 2, found.ops.length)
  }
  return found
}

/** The last parts go first: what comes after the failure has no part in it. */
function withoutAPart({ ops }: Scenario, size: number, search: Search): Scenario | null {
  for (let end = ops.length; end > 0; end -= size) {
    const start = Math.max(0, end - size)
    const found = search.attempt([...ops.slice(0, start), ...ops.slice(end)])
    if (found !== null) return found
  }
  return null
}

/** Makes the words of each operation simpler, as long as any can be. */
function simplerWords(scenario: Scenario, search: Search): Scenario {
  let found = scenario
  for (let i = 0; i < found.ops.length; i++) {
    for (let simpler = simplerAt(found, i, search); simpler !== null; simpler = simplerAt(found, i, search)) {
      found = simpler
    }
  }
  return found
}

function simplerAt({ ops }: Scenario, i: number, search: Search): Scenario | null {
  const operation = ops[i]
  if (operation === undefined) return null
  for (const simpler of simplerOperations(operation)) {
    const found = search.attempt(ops.map((other, j) => (j === i ? simpler : other)))
    if (found !== null) return found
  }
  return null
}
