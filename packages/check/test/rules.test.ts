import { builtInRules, explore, invariants, invariantsNamed, type Program, programOf } from '@mm-model/check'
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  type KernelProfile,
  kernel61,
  STEP_FLAG,
  type Steps,
  type StrategyDefinition,
  type Task,
  VM_FAULT_DONE_COW,
  VM_FAULT_FALLBACK,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
  type VmOperations,
} from '@mm-model/core'
import { downRead, handleMmFault } from '@mm-model/core/steps'
import { parseScenario } from '@mm-model/scenario'
import { asPosted } from '@mm-model/strategy-deferred-mtime'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { describe, expect, it } from 'vitest'
import { BASE, program } from './programs.ts'

/** What a scenario runs on. */
type Stage = Omit<Parameters<typeof programOf>[1], 'kernel' | 'fs' | 'strategy'> & {
  readonly kernel?: string | KernelProfile
  readonly fs?: string
  readonly strategy?: StrategyDefinition
}

interface Row {
  readonly rule: string
  readonly text: string
  /** What the rule is broken on, and holds without. */
  readonly broken: Stage
  /** What else both run on. */
  readonly stage?: Stage
  /** What is said. */
  readonly says: RegExp
  /** So many preemptions find it; left out, none. */
  readonly preemptions?: number
}

const ROWS: readonly Row[] = [
  {
    rule: 'I5',
    text: `create a 4k
mmap m a 0 4k rw shared
thread t1
@t1 store m 0 1
mprotect m 0 4k r || @t1 load m 0`,
    broken: { defects: ['mprotect-without-flush'] },
    says: /^CPU 1 has cached m\+0x0 with more rights than the area, which cannot be written to$/,
  },
  {
    rule: 'I5',
    text: `create a 8k
mmap m a 0 4k rw shared
store m 0 1
thread t1
mprotect m 0 4k r || @t1 truncate a 4k`,
    broken: { kernel: { ...kernel61, flushesNestedBatches: false } },
    says: /^CPU 0 has cached m\+0x0 with more rights than the area, which cannot be written to$/,
  },
  {
    rule: 'I6',
    text: `create a 4k
mmap m a 0 4k rw shared
store m 0 1
fsync a
thread t1
mprotect m 0 4k r ; mprotect m 0 4k rw || @t1 load m 0`,
    broken: { defects: ['mprotect-makes-clean-writable'] },
    says: /becomes writable without a fault, and is clean$/,
  },
  {
    rule: 'I10',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw shared
thread t1
@t1 store m 0 1
mremap m 0 4k 4k move || @t1 load m 0`,
    broken: { defects: ['mremap-flushes-late'] },
    says: /^CPU 1 has cached .* as frame 0x[0-9a-f]+, which has been moved from there$/,
  },
  {
    rule: 'I11',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw shared
thread t1
@t1 load m 0
store m 0 1 || @t1 store m 1 2`,
    broken: { defects: ['set-pte-over-valid'] },
    stage: { arch: 'arm64-4k' },
    says: /lets the access through, and the access traps again$/,
  },
  {
    rule: 'I21',
    text: `create a 4k
mmap m a 0 4k rw shared
store m 0 1
thread t1
fsync a || @t1 load m 0`,
    broken: { defects: ['dirty-cleared-before-flush'] },
    says: /^page 0 of a, mapped at m\+0x0, can be stored to while it is untagged$/,
  },
  {
    rule: 'I21',
    text: `create a 4k
mmap m a 0 4k rw shared
store m 0 1
thread t1
fsync a || @t1 load m 0`,
    broken: { defects: ['flush-before-mkclean'] },
    says: /^page 0 of a, mapped at m\+0x0, can be stored to while it is flushed$/,
  },
  {
    rule: 'I21',
    text: `create a 4k
mmap m a 0 4k rw shared
store m 0 1
thread t1
fsync a || @t1 load m 0`,
    broken: { defects: ['no-entry-lock'] },
    says: /^the entry of page 0 of a is untagged and not locked$/,
  },
  {
    rule: 'I21',
    text: `create a 8k
mmap m a 0 8k rw shared
store m 0 1
fork c
@c store m 0 2
thread t1
fsync a || @t1 load m 4096`,
    broken: { defects: ['writeback-only-flushes'] },
    says: /^page 0 of a, mapped at m\+0x0, can be stored to while it is flushed$/,
  },
  {
    rule: 'I27',
    text: `create a 4k
mmap m a 0 4k rw sync
create b 4k
thread t1
store m 0 1 || @t1 pread b 0`,
    broken: { defects: ['sync-fault-not-finished'] },
    says: /leaves the file system with NEEDDSYNC$/,
  },
  {
    rule: 'I31',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw private
thread t1
store m 0 1 || @t1 pread a 0`,
    broken: { defects: ['mtime-on-private-fault'] },
    says: /^the store at m\+0x0, of a private area, waits for a freeze to end$/,
  },
  {
    rule: 'I32',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw private
store m 0 1
thread t1
load m 0 || @t1 punch a 0 4k`,
    broken: { defects: ['punch-takes-copies'] },
    says: /^the load at m\+0x0 finds frame 0x[0-9a-f]+, and not the copy that was stored to there$/,
    preemptions: 0,
  },
  {
    rule: 'I33',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw private
store m 0 1
thread t1
load m 0 || @t1 punch a 0 4k`,
    broken: { defects: ['punch-takes-copies'] },
    says: /^the private copy at m\+0x0 is taken away, and its page is before the end of the file$/,
  },
  {
    rule: 'I33',
    text: `create a 8k
fill a 0 8k 3
mmap m a 0 8k rw private
store m 4096 1
thread t1
load m 0 || @t1 truncate a 4k`,
    broken: { defects: ['truncate-keeps-copies'] },
    says: /^page 1 of a, mapped at m\+0x1000, is a private copy behind the end of the file$/,
  },
  {
    rule: 'I35',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw shared
thread t1
store m 0 1 || @t1 load m 0`,
    broken: { strategy: asPosted },
    says: /^a can be stored to at m\+0x0 from now on, and its mtime is from before$/,
  },
  {
    rule: 'I37',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw private
thread t1
store m 0 1 || @t1 pread a 0`,
    broken: { defects: ['mtime-on-private-fault'] },
    says: /^the private store at m\+0x0 changes the times of the file$/,
  },
  {
    rule: 'I47',
    text: `create a 4k
mmap m a 0 4k rw shared
load m 0
thread t1
load m 0 || @t1 fill a 0 4k 3`,
    broken: { defects: ['write-leaves-zero-page-mapped'] },
    says: /^the load at m\+0x0 finds 0 in frame 0x[0-9a-f]+, and page 0 of a is frame 0x[0-9a-f]+, with 3$/,
  },
  {
    rule: 'I49',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw shared
load m 0
fsync a
thread t1
store m 0 1 || @t1 drop_caches`,
    broken: { defects: ['clean-entry-evicted'] },
    says: /^page 0 of a, mapped at m\+0x0, is mapped, and its entry was dropped$/,
  },
  {
    rule: 'I49',
    text: `create a 4k
mmap m a 0 4k rw shared
load m 0
thread t1
load m 0 || @t1 fill a 0 4k 3`,
    broken: { defects: ['invalidation-drops-dirty'] },
    says: /^the entry of page 0 of a is dirty, and dropped$/,
  },
  {
    rule: 'I50',
    text: `create a 4k
fill a 0 4k 3
mmap m a 0 4k rw private
store m 0 1
thread t1
fork c || @t1 load m 0`,
    broken: { defects: ['fork-leaves-pages-writable'] },
    says: /^the entry at m\+0x0 is writable in the child, and copied on a store$/,
  },
  {
    rule: 'I50',
    text: `create a 4k
mmap m a 0 4k rw shared
store m 0 1
thread t1
fork c || @t1 load m 0`,
    broken: { defects: ['fork-copies-shared-dax'] },
    says: /^the entry at m\+0x0 is in the child, which is to fault for itself$/,
  },
  {
    rule: 'I52',
    text: `create a 4k
fill a 0 4k 3
create b 4k
reflink a b
mmap m b 0 4k rw shared
thread t1
store m 0 1 || @t1 pread a 0`,
    broken: { defects: ['shared-block-written-in-place'] },
    stage: { fs: 'xfs-reflink' },
    says: /^page 0 of b, mapped at m\+0x0, can be stored to, and two files have frame 0x[0-9a-f]+$/,
  },
  {
    rule: 'I52',
    text: `create a 4k
fill a 0 4k 3
create b 4k
reflink a b
thread t1
pread a 0 || @t1 fill b 0 1 4`,
    broken: { defects: ['shared-block-written-in-place'] },
    stage: { fs: 'xfs-reflink' },
    says: /^frame 0x[0-9a-f]+ was written to, and two files have it$/,
  },
]

function search({ rule, text }: Row, stage: Stage, preemptions: number | undefined, shortest = true) {
  const scenario = parseScenario(text, { name: rule })
  const program = programOf(scenario, { kernel: '6.1', fs: 'ext4', strategy: mkwrite, ...stage })
  return explore(program, { invariants: invariantsNamed([rule]), preemptions, shortest })
}

it('there is an object for each rule of the reference, I1 to I52, and it explains a violation', () => {
  const rules = [...invariants, ...builtInRules]
  const numbers = Array.from({ length: 52 }, (_, i) => `I${i + 1}`)
  expect(numbers.filter((name) => rules.every((rule) => rule.name !== name))).toEqual([])
  for (const { name, rule, source, explains } of rules) {
    for (const words of [rule, source, explains ?? '']) expect(words.length, name).toBeGreaterThan(5)
  }
})

it('a rule that is looked at always can be named, and adds nothing', () => {
  expect(invariantsNamed(['I40', 'I44', 'deadlock']).map(({ name }) => name)).toEqual(['I44'])
  expect(() => invariantsNamed(['I53'])).toThrowError(/invariant 'I53'/)
})

describe.each(ROWS)('$rule', (row) => {
  it('is broken', () => {
    const { counterexample } = search(row, { ...row.stage, ...row.broken }, row.preemptions ?? 0)
    expect(counterexample).toMatchObject({ name: row.rule, preemptions: row.preemptions ?? 0 })
    expect(counterexample!.message).toMatch(row.says)
  })

  it('is broken for who searches all interleavings, too', () => {
    const { outcome, counterexample } = search(row, { ...row.stage, ...row.broken }, undefined, false)
    expect([outcome, counterexample?.name]).toEqual(['violated', row.rule])
  })

  it('holds', () => {
    expect(search(row, { ...row.stage }, undefined).verdict).toBe('holds in all interleavings')
  })
})

it('I40 does not take the downgrade of a lock for waiting for it', () => {
  const scenario = parseScenario(
    `create a 4k
fill a 0 4k 3
create b 4k
thread t1
reflink a b || @t1 pread a 0`,
    { name: 'reflink' },
  )
  const program = programOf(scenario, { kernel: '6.1', fs: 'xfs-reflink', strategy: mkwrite })
  expect(explore(program).verdict).toBe('holds in all interleavings')
})

/** A thread that takes a fault by itself, with these flags, at the one page of the file; under mmap_lock, or with `lock` as it says. */
function faulting(
  flags: number,
  lock: (task: Task) => Steps<void> = (task) => downRead(task, task.mm.mmapLock),
  ops: (ops: VmOperations) => VmOperations = (ops) => ops,
): Program {
  const build = program({ threads: [[['load', 0]]], settings: ['written'] })
  return () => {
    const instance = build()
    const { task } = instance.threads[0]!
    const { mm } = task
    const vma = mm.areas.findVma(BASE)!
    vma.vmOps = ops(vma.vmOps!)
    const call = function* (): Steps<number> {
      yield* lock(task)
      return yield* handleMmFault(task, vma, BASE, flags)
    }
    return { ...instance, threads: [{ name: 'faulting', task, calls: [call] }] }
  }
}

/** The same operations with a handler that answers `ret`, whatever its own one says. */
function answering(ret: number): (ops: VmOperations) => VmOperations {
  return (ops) => ({
    ...ops,
    steps: {
      ...ops.steps,
      hugeFault: null,
      fault: function* (): Steps<number> {
        yield STEP_FLAG
        return ret
      },
    },
  })
}

function* free(): Steps<void> {
  yield STEP_FLAG
}

const wrong = (rule: string, program: Program): string | undefined =>
  explore(program, { invariants: invariantsNamed([rule]) }).counterexample?.message

describe('a fault that no kernel takes', () => {
  const SHARED_STORE = FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY

  it('is what the rules below are broken by: as kernels take it, it is fine', () => {
    for (const rule of ['I41', 'I42', 'I44']) {
      expect(wrong(rule, faulting(SHARED_STORE)), rule).toBeUndefined()
      expect(wrong(rule, faulting(FAULT_FLAG_ALLOW_RETRY)), rule).toBeUndefined()
    }
  })

  it.each([
    [VM_FAULT_NOPAGE | VM_FAULT_DONE_COW, SHARED_STORE, /ends in NOPAGE\|DONE_COW$/],
    [VM_FAULT_RETRY, FAULT_FLAG_WRITE, /ends in RETRY, which was not allowed$/],
    [VM_FAULT_DONE_COW, SHARED_STORE, /ends in DONE_COW, and was no store to a private area$/],
    [
      VM_FAULT_NOPAGE | VM_FAULT_FALLBACK,
      SHARED_STORE,
      /FALLBACK, which is for nobody outside of the fault path$/,
    ],
  ])('I41: answers %d', (ret, flags, says) => {
    expect(wrong('I41', faulting(flags, undefined, answering(ret)))).toMatch(says)
  })

  it('I41: may ask for another try where that is allowed', () => {
    expect(wrong('I41', faulting(SHARED_STORE, undefined, answering(VM_FAULT_RETRY)))).toBeUndefined()
  })

  it.each([
    [FAULT_FLAG_TRIED | SHARED_STORE, /begins with .*TRIED.*, and none before it asked for that$/],
    [FAULT_FLAG_MKWRITE | SHARED_STORE, /begins with .*MKWRITE/],
    [FAULT_FLAG_UNSHARE | SHARED_STORE, /begins with .*UNSHARE/],
  ])('I42: with flags %d', (flags, says) => {
    expect(wrong('I42', faulting(flags))).toMatch(says)
  })

  it('I44: without a lock', () => {
    expect(wrong('I44', faulting(SHARED_STORE, free))).toMatch(/begins while its lock is not held$/)
  })

  it('I44: while somebody changes areas', () => {
    const lock = function* (task: Task): Steps<void> {
      yield STEP_FLAG
      task.mm.mmapLock.writer = task.machine.createTask()
    }
    expect(wrong('I44', faulting(SHARED_STORE, lock))).toMatch(
      /begins while its lock is held for writing by another$/,
    )
  })
})
