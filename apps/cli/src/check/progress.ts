import type { Progress as At } from '@mm-model/check'
import { counted, grouped } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** Times between two lines, in milliseconds: more often nobody reads. */
const PAUSE = 200

/** Shows a search's progress on a terminal. */
export class Progress {
  readonly #terminal: Pick<Terminal, 'progress'>
  readonly #now: () => number
  readonly #begun: number
  #shown = 0

  /** `now` is a clock in milliseconds. */
  constructor(terminal: Pick<Terminal, 'progress'>, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
    this.#begun = now()
  }

  readonly show = (progress: At): undefined => {
    const elapsed = this.#now() - this.#begun
    if (elapsed < this.#shown + PAUSE) return
    this.#shown = elapsed
    this.#terminal.progress(progressLine(progress, elapsed))
  }

  end(): void {
    this.#terminal.progress(null)
  }
}

/** `312,400 steps/s, 4,100 executions, 80,200 states, depth 61, 12 %, ~40 s left`. */
export function progressLine({ executions, steps, states, depth, fraction }: At, elapsed: number): string {
  const rate = Math.round((steps / Math.max(elapsed, 1)) * 1000)
  const left = fraction > 0 ? (elapsed / fraction) * (1 - fraction) : Infinity
  return [
    `${grouped(rate)} steps/s`,
    counted(executions, 'execution'),
    counted(states, 'state'),
    `depth ${depth}`,
    `${(fraction * 100).toFixed(fraction < 0.1 ? 2 : 0)} %`,
    ...(Number.isFinite(left) ? [`~${durationWords(left)} left`] : []),
  ].join(', ')
}

function durationWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 100 ? `${hours} h` : `${grouped(Math.round(hours / 24))} days`
}
