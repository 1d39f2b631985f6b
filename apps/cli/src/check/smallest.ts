import { type StateInvariant, shrinkProgram } from '@mm-model/check'
import type { Scenario } from '@mm-model/scenario'
import { counted } from '../table.ts'

interface Smallest {
  readonly text: string
  /** What is not known of smaller ones, or null. */
  readonly doubt: string | null
}

/** The smallest scenario that breaks the rule; where a short search does not even find it in the given one, that. */
export function smallestOf(
  scenario: Scenario,
  name: string,
  stage: Parameters<typeof shrinkProgram>[2],
  rules: readonly StateInvariant[],
  executions: number,
): Smallest {
  const budget = counted(executions, 'execution')
  try {
    const { scenario: smallest, open } = shrinkProgram(scenario, name, stage, rules, { executions })
    const doubt = `${counted(open, 'smaller scenario')} could not be searched to the end in ${budget}, and may break it, too`
    return { text: textOf(smallest), doubt: open === 0 ? null : doubt }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { text: textOf(scenario), doubt: `nothing was left out: a search of ${budget} does not find it` }
  }
}

function textOf({ ops, assertions }: Scenario): string {
  return [...ops, ...assertions].map((line) => `  ${line.text}`).join('\n')
}
