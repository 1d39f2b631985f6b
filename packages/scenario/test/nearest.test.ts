import { nearestWord } from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'

describe('nearestWord', () => {
  it.each([
    ['stroe', 'store'],
    ['loda', 'load'],
    ['LOAD', 'load'],
    ['unmap', 'munmap'],
    ['mremapp', 'mremap'],
    ['l', null],
    ['', null],
    ['explode', null],
    ['x'.repeat(1000), null],
  ])('of %j is %j', (word, expected) => {
    expect(nearestWord(word, ['load', 'store', 'munmap', 'mremap'])).toBe(expected)
  })

  it('is the nearest, and the first of equals', () => {
    expect(nearestWord('sore', ['stove', 'store', 'some'])).toBe('store')
    expect(nearestWord('cat', ['car', 'can'])).toBe('car')
  })
})
