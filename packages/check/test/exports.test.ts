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
    'mergeExplorations',
    'parseSchedule',
    'programOf',
    'replay',
    'runsOf',
    'shrinkProgram',
    'stateInvariants',
    'stringifySchedule',
    'timelineOf',
    'traceOf',
  ])
})
