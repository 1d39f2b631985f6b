import * as check from '@mm-model/check'
import { expect, it } from 'vitest'

it('exports', () => {
  expect(Object.keys(check).toSorted()).toEqual([
    'assertionsOf',
    'builtInRules',
    'digestOf',
    'explore',
    'formatCounterexample',
    'formatTimeline',
    'invariants',
    'invariantsNamed',
    'joinExplorations',
    'mergeExplorations',
    'parseSchedule',
    'programOf',
    'replay',
    'runsOf',
    'sharedMemory',
    'shrinkProgram',
    'stateInvariants',
    'stringifySchedule',
    'timelineOf',
    'traceOf',
  ])
})
