import { describe, expect, it } from 'vitest'
import { agrees, readVerdict } from '../verdict.mjs'

const summary = (errors: number) =>
  `State-vector 128 byte, depth reached 217, errors: ${errors}\n     6630 states, stored\n     9000 transitions (= stored+matched)\n`
const HOLDS = `\n(Spin Version 6.5.2 -- 6 December 2019)\n${summary(0)}`
const violated = (reason: string) =>
  `pan:1: ${reason} (at depth 98)\npan: wrote write-fault.pml.trail\n\nWarning: Search not completed\n${summary(1)}`

describe('readVerdict', () => {
  it('reads a search that found nothing', () => {
    expect(readVerdict(HOLDS)).toEqual({
      violated: false,
      assertion: null,
      states: 6630,
      transitions: 9000,
      depth: 217,
    })
  })

  it('reads which invariant an assertion names', () => {
    const reason = 'assertion violated ((((age!=epoch[0])||(floor==0))||flushing[0])||I23)'
    expect(readVerdict(violated(reason))).toMatchObject({ violated: true, assertion: 'I23' })
    expect(readVerdict(violated('assertion violated I19'))).toMatchObject({
      violated: true,
      assertion: 'I19',
    })
  })

  it('calls a state without an end a lost wake-up or a deadlock', () => {
    expect(readVerdict(violated('invalid end state'))).toMatchObject({ violated: true, assertion: 'I39' })
  })

  it.each([
    ['a depth that was reached', `error: max search depth too small\n${HOLDS}`],
    ['memory that ran out', `pan: out of memory\n${HOLDS}`],
    [
      'a memory bound that was reached',
      `pan: reached -DMEMLIM bound\n\t1e+06 bytes used, memory bound\n${HOLDS}`,
    ],
    ['a search that says so', `Warning: Search not completed\n${HOLDS}`],
  ])('takes %s for no verdict', (_, output) => {
    expect(() => readVerdict(output)).toThrow('not exhausted')
  })

  it('takes nothing, and errors it does not know, for no verdict', () => {
    expect(() => readVerdict('pan: killed')).toThrow('no summary')
    expect(() => readVerdict(violated('assertion violated (x==1)'))).toThrow('expected an invariant')
    expect(() => readVerdict(summary(1))).toThrow('no reason')
  })

  it('agrees with the table on the invariant too', () => {
    const verdict = readVerdict(violated('assertion violated I19'))
    expect(agrees({ violated: true, assertion: 'I19' }, verdict)).toBe(true)
    expect(agrees({ violated: true, assertion: 'I23' }, verdict)).toBe(false)
    expect(agrees({ violated: false, assertion: null }, verdict)).toBe(false)
  })
})
