import * as core from '@mm-model/core'
import * as plain from '@mm-model/core/plain'
import * as steps from '@mm-model/core/steps'
import { expect, it } from 'vitest'

it('exports', () => {
  expect(Object.keys(core).toSorted()).toMatchSnapshot()
})

it('exports calls as steps', () => {
  expect(Object.keys(steps).toSorted()).toMatchSnapshot()
})

it('exports the same calls straight through', () => {
  expect(Object.keys(plain)).toEqual(Object.keys(steps))
})

it('a call is a generator function in one form if and only if it is a plain function in the other', () => {
  const isGenerator = (call: unknown) => (call as () => void).constructor.name === 'GeneratorFunction'
  expect(Object.values(plain).filter(isGenerator)).toEqual([])
  // What has no visible step is a function in both.
  const same = Object.entries(steps).filter(([, call]) => !isGenerator(call))
  expect(same.map(([name]) => name)).toEqual(
    expect.arrayContaining(['blocked', 'getUnmappedArea', 'vmaSetPageProt', 'vmaWantsWritenotify']),
  )
  expect(same.length).toBeLessThan(8)
})
