import * as dax from '@mm-model/dax'
import * as plain from '@mm-model/dax/plain'
import * as steps from '@mm-model/dax/steps'
import { expect, it } from 'vitest'

it('exports', () => {
  expect(Object.keys(dax).toSorted()).toMatchSnapshot()
})

it('exports calls as steps', () => {
  expect(Object.keys(steps).toSorted()).toMatchSnapshot()
})

it('exports the same calls straight through', () => {
  expect(Object.keys(plain)).toEqual(Object.keys(steps))
})

it('every call is a generator function in one form and a plain function in the other', () => {
  const isGenerator = (call: unknown) => (call as () => void).constructor.name === 'GeneratorFunction'
  expect(
    Object.entries(steps).filter(([, call]) => typeof call === 'function' && !isGenerator(call)),
  ).toEqual([])
  expect(Object.values(plain).filter(isGenerator)).toEqual([])
})
