/** Builds the programs that run in the guest, and says what the agent cannot hold. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '@mm-model/scenario'
import { CaptureError, quoted } from './capture-error.ts'
import { runProgram } from './programs.ts'

const SOURCES: string = join(import.meta.dirname, '..', 'agent')
const COUNTER_SOURCES: string = join(import.meta.dirname, '..', 'counter')

/** The numbers of agent/agent.h. */
export const LIMITS: Readonly<Record<'nameBytes' | 'mappings' | 'files' | 'children', number>> = {
  nameBytes: 63,
  mappings: 64,
  files: 64,
  children: 8,
}

/** Linked statically: the guest has no libraries for it, and a loader would show in recordings. */
const COMPILER_FLAGS: readonly string[] = ['-std=gnu11', '-static', '-Wall', '-Wextra']

/** @throws {CaptureError} CAPTURE_AGENT_BUILD, CAPTURE_MISSING_TOOL */
export function buildAgent(output: string): void {
  compile(SOURCES, '-O1', output)
}

/** @throws {CaptureError} CAPTURE_AGENT_BUILD, CAPTURE_MISSING_TOOL */
export function buildCounter(output: string): void {
  compile(COUNTER_SOURCES, '-O2', output)
}

function compile(folder: string, optimisation: string, output: string): void {
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .sort()
  try {
    runProgram('gcc', [...COMPILER_FLAGS, optimisation, '-o', output, ...sources], { cwd: folder })
  } catch (cause) {
    if (!(cause instanceof CaptureError) || cause.code !== 'CAPTURE_PROGRAM_FAILED') throw cause
    throw new CaptureError(
      folder,
      {
        code: 'CAPTURE_AGENT_BUILD',
        found: cause.found,
        expected: 'it to compile',
        remedy: 'run `pnpm capture install`; it needs gcc and the static C library of libc6-dev',
      },
      { cause },
    )
  }
}

/**
 * Refuses a scenario that the agent has no room for, before anything boots.
 *
 * @throws {CaptureError} CAPTURE_BAD_SCENARIO
 */
export function checkLimits({ ops }: Scenario, place: string): void {
  const names = { mappings: new Set<string>(), files: new Set<string>(), children: new Set<string>() }
  for (const operation of ops) {
    const where = `${place}, line ${operation.line}`
    const add = (kind: keyof typeof names, name: string): void => {
      names[kind].add(name)
      if (name.length > LIMITS.nameBytes)
        throw tooMuch(
          where,
          `a name of ${name.length} bytes (${quoted(name)})`,
          `at most ${LIMITS.nameBytes}`,
        )
      if (names[kind].size > LIMITS[kind])
        throw tooMuch(where, `more than ${LIMITS[kind]} ${kind}`, `at most ${LIMITS[kind]}`)
    }
    if (operation.op === 'create') add('files', operation.file)
    if (operation.op === 'mmap') add('mappings', operation.map)
    if (operation.op === 'fork') add('children', operation.childName)
  }
}

function tooMuch(place: string, found: string, expected: string): CaptureError {
  return new CaptureError(place, {
    code: 'CAPTURE_BAD_SCENARIO',
    found,
    expected,
    remedy: 'split the scenario, or raise the limits in agent/agent.h and src/agent.ts',
  })
}
