import type { Exploration, ScheduleProfile, Timeline } from '@mm-model/check'
import { formatTimeline } from '@mm-model/check'
import type { Scenario } from '@mm-model/scenario'
import type { ExitCode } from '../command.ts'
import { profileWords } from '../profile.ts'
import { counted } from '../table.ts'
import type { Colors, Terminal } from '../terminal.ts'

/** Exit codes of what a search came to. */
export const EXIT_CODES: Readonly<Record<Exploration['outcome'], ExitCode>> = {
  holds: 0,
  violated: 1,
  'not exhausted': 3,
}

/** What a search came to; `covered` says which schedules it was told to run, or is null for all. */
export function printExploration(
  scenario: Scenario,
  what: ScheduleProfile,
  found: Exploration,
  timeline: Timeline | null,
  covered: string | null,
  terminal: Terminal,
): void {
  const { print, colors } = terminal
  printHead(scenario, what, terminal)
  if (timeline !== null) printTimeline(scenario, timeline, terminal)
  const { counterexample } = found
  if (counterexample === null) {
    print(found.outcome === 'holds' ? colors.green(found.verdict) : colors.yellow(found.verdict))
    if (found.outcome !== 'holds') print(`nothing is wrong in ${covered ?? 'what was run'}`)
  } else {
    printWrong(counterexample, colors, print)
    const preemptions = counted(counterexample.preemptions, 'preemption')
    const which = counterexample.shortest
      ? 'fewer preemptions, or as many and fewer steps, do not'
      : 'a shorter one may'
    print(`${counted(counterexample.schedule.length, 'step')}, ${preemptions}; ${which}`)
  }
  print(numbers(found))
}

/** The scenario, and what it runs on. */
export function printHead(
  { name }: Scenario,
  { strategy, defects, ...profile }: ScheduleProfile,
  { print, colors }: Terminal,
): void {
  const on = [...profileWords(profile), strategy, ...defects.map((defect) => `with ${defect}`)].join(', ')
  print(`${colors.bold(name)}  ${colors.dim(`on ${on}`)}`)
}

/** A column for each thread; below, what ran when all had ended, or that it did not. */
export function printTimeline(
  { ops }: Scenario,
  timeline: Timeline,
  { print, colors, columns }: Terminal,
): void {
  const { bold, yellow, dim } = colors
  print('')
  for (const line of formatTimeline(timeline, { width: columns, call: bold, change: yellow, lock: dim }))
    print(line)
  const below = ops.length - 1 - ops.findIndex(({ op }) => op === 'parallel')
  if (timeline.after === null && below > 0)
    print(dim(`\nit ends before ${below === 1 ? 'the line' : `the ${below} lines`} below the parallel one`))
  print('')
}

/** What is wrong, the rule, where it comes from, and what it means. */
export function printWrong(
  wrong: { name: string; rule: string; source: string; explains?: string | undefined; message: string },
  { red }: Colors,
  print: (text: string) => void,
): void {
  print(red(`violated: ${wrong.name}: ${wrong.message}`))
  print(`  rule    ${wrong.rule}`)
  print(`  source  ${wrong.source}`)
  if (wrong.explains !== undefined) print(`  so      ${wrong.explains}`)
}

/** What a search came through. */
export function numbers({ executions, steps, states, matched, redundant }: Exploration): string {
  return [
    counted(executions, 'execution'),
    counted(steps, 'step'),
    counted(states, 'state'),
    `${counted(matched, 'execution')} came to a known state`,
    `${counted(redundant, 'execution')} would only have reordered`,
  ].join(', ')
}

/** What a search came to and through, for programs to read. */
export function summaryOf({
  outcome,
  verdict,
  executions,
  steps,
  states,
  matched,
  redundant,
  locks,
}: Exploration): Omit<Exploration, 'finalStates' | 'counterexample' | 'checkpoint'> {
  return { outcome, verdict, executions, steps, states, matched, redundant, locks }
}

/** The same with the schedule that breaks a rule. */
export function explorationAsJson(
  { name }: Scenario,
  what: ScheduleProfile,
  found: Exploration,
  timeline: Timeline | null,
): object {
  const { counterexample } = found
  return {
    scenario: name,
    ...what,
    ...summaryOf(found),
    counterexample:
      counterexample === null || timeline === null
        ? null
        : {
            name: counterexample.name,
            message: counterexample.message,
            rule: counterexample.rule,
            source: counterexample.source,
            explains: counterexample.explains,
            preemptions: counterexample.preemptions,
            shortest: counterexample.shortest,
            threads: timeline.threads,
            steps: timeline.steps.map((step, i) => ({ runs: timeline.runners[i], ...step })),
            after: timeline.after,
          },
  }
}
