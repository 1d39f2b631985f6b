import * as check from '@mm-model/check'
import { expect, it } from 'vitest'

it('exports', () => {
  expect(Object.keys(check).toSorted()).toEqual([
    'assertionsOf',
    'explore',
    'formatCounterexample',
    'invariants',
    'invariantsNamed',
    'mergeExplorations',
    'programOf',
    'shrinkProgram',
    'stateInvariants',
  ])
})
