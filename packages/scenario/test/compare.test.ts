import {
  compareObservations,
  type EventObservation,
  type Observation,
  type OperationObservation,
  parseObservation,
  summarizeComparisons,
  TIERS,
  type Tier,
} from '@mm-model/scenario'
import { describe, expect, it } from 'vitest'
import { type Folder, recordingNames, recordingText } from './recordings.ts'

const EVENTS: readonly EventObservation[] = [
  { name: 'file_update_time' },
  { name: 'dax_pte_fault', pgoff: '0x0', flags: ['WRITE'] },
  { name: 'iomap_begin', write: true, pos: '0x0', len: '0x1000' },
  { name: 'dax_pte_fault_done', ret: 'NOPAGE', pgoff: '0x0' },
]

const FAULT = {
  at: 'm+0x0',
  error: '0x6',
  events: EVENTS,
  flags: ['WRITE', 'USER'],
  vmFlags: '0xfb',
  pageProt: '0x25',
  ret: ['NOPAGE'],
}

const STORE: OperationObservation = {
  op: 'store m 0',
  result: { ret: 0 },
  faults: [FAULT],
  events: [],
  files: [{ name: 'a', mtime: true, ctime: true, blocks: 8, size: 4096 }],
  ptes: [
    { at: 'm+0x0', level: 1, flags: '0x67', frame: 'pmem#0' },
    { at: 'm+0x1000', level: 1, flags: '0x25', frame: 'zero' },
  ],
  vmas: [{ perms: 'rw-s', offset: '0x0', name: 'a', at: 'm+0x0', len: '0x2000' }],
}

function observation(...ops: OperationObservation[]): Observation {
  return { scenario: 's', kernel: '6.1', fs: 'ext4', ops }
}

/** The differences of STORE from STORE with `change`, each as `tier field: kernel | model`. */
function differences(change: object): readonly string[] {
  const model = { ...STORE, ...change }
  const comparison = compareObservations(observation(STORE), observation(model))
  for (const tier of TIERS) {
    const agrees = comparison.agreeing[tier] === 1
    expect(agrees, `agreement at ${tier}`).toBe(asDiffPy(tier, STORE) === asDiffPy(tier, model))
    expect(agrees, `differences at ${tier}`).toBe(
      !comparison.differences.some((d) => atOrBelow(d.tier, tier)),
    )
  }
  return comparison.differences.map((d) => `${d.tier} ${d.field}: ${d.kernel} | ${d.model}`)
}

const withFault = (...faults: object[]): object => ({ faults: faults.map((f) => ({ ...FAULT, ...f })) })
const withoutEvent = (index: number): object => withFault({ events: EVENTS.filter((_, i) => i !== index) })

describe('differences', () => {
  it('are none between an operation and itself', () => {
    expect(differences({})).toEqual([])
  })

  it.each([
    ['result', { result: { errno: 'EIO' } }, ['semantics result: ret=0 | errno=EIO']],
    [
      'fault result',
      withFault({ ret: ['MAJOR', 'NOPAGE'] }),
      ['semantics faults[0].ret: NOPAGE | MAJOR|NOPAGE'],
    ],
    ['fault refused', withFault({ ret: undefined }), ['semantics faults[0].ret: NOPAGE | none']],
    ['no flags', withFault({ flags: [] }), ['semantics faults[0].flags: WRITE|USER | (empty)']],
    [
      'one fault more',
      withFault({}, { error: '0x7', events: [] }),
      [
        'semantics faults[1]: nothing | at=m+0x0 error=0x7 flags=WRITE|USER vmFlags=0xfb pageProt=0x25 ret=NOPAGE',
      ],
    ],
    [
      'no fault',
      { faults: [] },
      [
        'semantics faults[0]: at=m+0x0 error=0x6 flags=WRITE|USER vmFlags=0xfb pageProt=0x25 ret=NOPAGE | nothing',
      ],
    ],
    [
      'entry',
      { ptes: [STORE.ptes[0]!, { ...STORE.ptes[1]!, flags: '0x27' }] },
      ['semantics ptes[m+0x1000].flags: 0x25 | 0x27'],
    ],
    [
      'entry missing',
      { ptes: [STORE.ptes[1]] },
      ['semantics ptes[m+0x0]: at=m+0x0 level=1 flags=0x67 frame=pmem#0 | nothing'],
    ],
    [
      'entries swapped',
      { ptes: STORE.ptes.toReversed() },
      ['semantics order of ptes: m+0x0|m+0x1000 | m+0x1000|m+0x0'],
    ],
    [
      'two entries at one place',
      { ptes: [STORE.ptes[0], STORE.ptes[0]] },
      [
        'semantics ptes[1].at: m+0x1000 | m+0x0',
        'semantics ptes[1].flags: 0x25 | 0x67',
        'semantics ptes[1].frame: zero | pmem#0',
      ],
    ],
    ['area', { vmas: [] }, ['semantics vmas[m+0x0]: perms=rw-s offset=0x0 a at=m+0x0 len=0x2000 | nothing']],
    ['mtime', { files: [{ ...STORE.files[0], mtime: false }] }, ['semantics files[a].mtime: true | false']],
    ['blocks', { files: [{ ...STORE.files[0], blocks: 16 }] }, ['path blocks[a].blocks: 8 | 16']],
    [
      'blocks of another file, whose times stay',
      { files: [...STORE.files, { name: 'b', mtime: false, ctime: false, blocks: 0, size: 0 }] },
      ['path blocks[b]: nothing | b blocks=0'],
    ],
    [
      'a tracepoint',
      withoutEvent(3),
      ['dax faults[0].events[1]: dax_pte_fault_done ret=NOPAGE pgoff=0x0 | nothing'],
    ],
    [
      'a member of a tracepoint',
      withFault({ events: EVENTS.with(1, { ...EVENTS[1]!, flags: [] }) }),
      ['dax faults[0].events[0].flags: WRITE | (empty)'],
    ],
    [
      'a function',
      withoutEvent(2),
      ['path faults[0].events[1]: iomap_begin write=true pos=0x0 len=0x1000 | nothing'],
    ],
    [
      'the sequence of a tracepoint and a function',
      withFault({ events: [EVENTS[1]!, EVENTS[0]!, ...EVENTS.slice(2)] }),
      ['path faults[0].events[0]: file_update_time | dax_pte_fault pgoff=0x0 flags=WRITE'],
    ],
    [
      'a function that is named as tracepoints are, outside faults',
      { events: [{ name: 'dax_layout_busy' }] },
      ['path events[0]: nothing | dax_layout_busy'],
    ],
    [
      'a tracepoint outside faults',
      { events: [{ name: 'dax_writeback_one', pgoff: '0x0', pglen: '0x1' }] },
      ['dax events[0]: nothing | dax_writeback_one pgoff=0x0 pglen=0x1'],
    ],
    ['not modelled', { result: { notModelled: 'xfs' } }, ['semantics result: ret=0 | not modelled: xfs']],
  ])('%s', (_, change, expected) => {
    expect(differences(change)).toEqual(expected)
  })

  it('are told where the lines differ', () => {
    const comparison = compareObservations(observation(STORE), observation({ ...STORE, op: 'store m 0x0' }))
    expect(comparison.differences).toMatchObject([{ field: 'op', kernel: 'store m 0', model: 'store m 0x0' }])
  })

  it('tell scenario, operation, line', () => {
    const other = { ...STORE, result: { skipped: true } } as const
    expect(compareObservations(observation(STORE, STORE), observation(STORE, other)).differences).toEqual([
      {
        scenario: 's',
        operation: 2,
        op: 'store m 0',
        field: 'result',
        tier: 'semantics',
        kernel: 'ret=0',
        model: 'skipped=true',
      },
    ])
  })

  it('count what both call not modelled', () => {
    const both = observation({ ...STORE, result: { notModelled: 'swap' } })
    expect(compareObservations(both, both)).toMatchObject({
      operations: 1,
      agreeing: { semantics: 0, dax: 0, path: 0 },
    })
    expect(compareObservations(both, both).differences).toHaveLength(1)
  })

  it('count operations that the model does not have, and those it has too much', () => {
    const fewer = compareObservations(observation(STORE, STORE), observation(STORE))
    expect(fewer).toMatchObject({ operations: 2, agreeing: { semantics: 1, dax: 1, path: 1 } })
    expect(fewer.differences).toMatchObject([
      { operation: 2, field: 'op', kernel: 'store m 0', model: 'nothing' },
    ])
    const more = compareObservations(observation(STORE), observation(STORE, STORE))
    expect(more).toMatchObject({ operations: 1, agreeing: { semantics: 1, dax: 1, path: 1 } })
    expect(more.differences).toMatchObject([
      { operation: 2, field: 'op', kernel: 'nothing', model: 'store m 0' },
    ])
    expect(summarizeComparisons([more])).toMatchObject({
      scenarios: 1,
      clean: { semantics: 0, dax: 0, path: 0 },
    })
  })
})

describe('recordings compared with recordings', () => {
  // The figures are what kernel-capture's diff.py prints for the two folders: operations and scenarios of each tier.
  it.each<[Folder, ...figures: string[]]>([
    ['linux-6.1-ext4', '1903 161', '1903 161', '1903 161'],
    ['linux-6.1-ext4-deferred-mtime', '1685 86', '1685 86', '1633 62'],
    ['linux-6.1-ext4-fallthrough', '1903 161', '1781 101', '1731 75'],
    ['linux-6.1-ext4-insert-writable', '1548 101', '1548 101', '1499 75'],
    ['linux-6.1-ext4-readonly-hint', '1903 161', '1781 101', '1731 75'],
    ['linux-6.1-ext4-retry', '1781 101', '1781 101', '1731 75'],
    ['linux-6.1-xfs', '1811 137', '1788 128', '1013 12'],
    ['linux-6.12-ext4', '1028 7', '992 7', '985 6'],
  ])('linux-6.1-ext4 with %s', (folder, ...figures) => {
    const comparisons = recordingNames(folder).map((name) => {
      const [a, b] = [observed('linux-6.1-ext4', name), observed(folder, name)]
      const comparison = compareObservations(a, b)
      for (const [i, op] of a.ops.entries()) {
        const found = comparison.differences.filter((d) => d.operation === i + 1)
        const agreements = TIERS.map((tier) => !found.some((d) => atOrBelow(d.tier, tier)))
        expect(agreements).toEqual(TIERS.map((tier) => asDiffPy(tier, op) === asDiffPy(tier, b.ops[i]!)))
      }
      return comparison
    })
    const { operations, agreeing, scenarios, clean } = summarizeComparisons(comparisons)
    expect([operations, scenarios]).toEqual([1903, 161])
    expect(TIERS.map((tier) => `${agreeing[tier]} ${clean[tier]}`)).toEqual(figures)
  })
})

function observed(folder: Folder, name: string): Observation {
  return parseObservation(recordingText(folder, name))
}

function atOrBelow(tier: Tier, other: Tier): boolean {
  return TIERS.indexOf(tier) <= TIERS.indexOf(other)
}

/** What diff.py makes of an operation at a tier, said again as plainly as it does: the naive twin. */
function asDiffPy(tier: Tier, o: OperationObservation): string {
  const dax = (e: { name: string }): boolean =>
    e.name.startsWith('dax_') &&
    !['dax_iomap_fault', 'dax_writeback', 'dax_layout_busy', 'dax_finish_sync_fault'].includes(e.name)
  const wanted = (e: { name: string }): boolean => tier === 'path' || dax(e)
  const semantics = {
    result: o.result,
    faults: o.faults.map((f) =>
      ['at', 'error', 'flags', 'vmFlags', 'pageProt', 'ret'].map(
        (k) => Object.entries(f).find(([n]) => n === k)?.[1] ?? null,
      ),
    ),
    ptes: o.ptes,
    vmas: o.vmas,
    files: o.files.filter((f) => f.mtime || f.ctime).map(({ blocks: _, ...f }) => f),
  }
  const events = { faults: o.faults.map((f) => f.events.filter(wanted)), events: o.events.filter(wanted) }
  const blocks = o.files.map((f) => [f.name, f.blocks])
  return sorted([
    semantics,
    tier === 'semantics' ? null : events,
    tier === 'path' ? blocks : null,
    'notModelled' in o.result,
  ])
}

/** JSON with the members of every object sorted. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, v) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  )
}
