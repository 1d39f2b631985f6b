import {
  AFTER_CARRY_ON,
  ASSERT_READ_ONLY_START,
  ASSERT_SHARED_WRITABLE,
  defineStrategy,
  type FaultContext,
  HOOK_KINDS,
  INSTALL_MKWRITE,
  INSTALL_READ_ONLY,
  INSTALL_UNCHECKED,
  INSTALL_WRITABLE,
  MADV_POPULATE_READ,
  type StrategyDefinition,
  StrategyError,
  TIMES_DEFERRED,
  VM_SHARED,
  VM_WRITE,
} from '@mm-model/core'
import { describe, expect, it } from 'vitest'
import { forms } from './forms.ts'
import { deferredMtime, mkwrite, readonlyHint, strategyWith } from './strategies.ts'
import { TinyFile } from './tiny-file.ts'
import { at, createWorld, leaf, mapFile } from './world.ts'

/** What was thrown, or null. */
function thrown(call: () => unknown): StrategyError | null {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(StrategyError)
    return error as StrategyError
  }
  return null
}

const WHOLE: StrategyDefinition = {
  name: 'test',
  apiVersion: 1,
  capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' },
  install: () => INSTALL_MKWRITE,
}

describe('defineStrategy', () => {
  it('completes and freezes a definition, and takes what it made', () => {
    const strategy = defineStrategy(WHOLE)
    expect(Object.isFrozen(strategy)).toBe(true)
    expect(Object.isFrozen(strategy.capabilities) && Object.isFrozen(strategy.assertions)).toBe(true)
    expect(Object.keys(strategy)).toEqual(expect.arrayContaining(Object.keys(HOOK_KINDS)))
    expect(defineStrategy(strategy)).toEqual(strategy)
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'the definition'],
    ['a function', () => 15, 'the definition'],
    ['no name', { ...WHOLE, name: undefined }, 'name'],
    ['a name with blanks', { ...WHOLE, name: 'My Strategy' }, 'name'],
    ['another version', { ...WHOLE, apiVersion: 2 }, 'apiVersion'],
    ['no capabilities', { ...WHOLE, capabilities: undefined }, 'capabilities'],
    [
      'a capability of another kind',
      { ...WHOLE, capabilities: { ...WHOLE.capabilities, times: 'never' } },
      'capabilities.times',
    ],
    ['no install', { ...WHOLE, install: undefined }, 'install'],
    ['a hook that is none', { ...WHOLE, afterReadOnly: 1 }, 'afterReadOnly'],
    ['a misspelt hook', { ...WHOLE, afterReadonly: () => 1 }, 'afterReadonly'],
    ['assertions that are none', { ...WHOLE, assertions: [{ name: 'x' }] }, 'assertions[0]'],
  ])('refuses %s, and names the member', (_what, definition, hook) => {
    const error = thrown(() => defineStrategy(definition as StrategyDefinition))
    expect(error).toMatchObject({ code: 'STRATEGY_DEFINITION', hook })
    expect(error!.message).toMatch(/expected .*; /)
  })
})

describe.each(forms)('in the %s form', (_form, k) => {
  it.each<[string, Partial<StrategyDefinition>, string, string]>([
    [
      'throws',
      {
        install: () => {
          throw new TypeError('no')
        },
      },
      'STRATEGY_THREW',
      'install',
    ],
    ['answers a string', { install: () => 'rw' as unknown as number }, 'STRATEGY_ANSWER', 'install'],
    ['answers NaN', { install: () => Number.NaN }, 'STRATEGY_ANSWER', 'install'],
    ['answers an unknown bit', { install: () => 32 }, 'STRATEGY_ANSWER', 'install'],
    ['answers a huge number', { install: () => 2 ** 32 + 15 }, 'STRATEGY_ANSWER', 'install'],
    ['answers unchecked alone', { install: () => INSTALL_UNCHECKED }, 'STRATEGY_ANSWER', 'install'],
    ['answers nonsense about times', { updateTimes: () => -1 }, 'STRATEGY_ANSWER', 'updateTimes'],
    [
      'answers nonsense about what follows',
      { install: ({ mkwrite: m }) => (m ? INSTALL_MKWRITE : 0), afterReadOnly: () => 0.5 },
      'STRATEGY_ANSWER',
      'afterReadOnly',
    ],
    [
      'throws in an assertion',
      {
        assertions: [
          {
            name: 'x',
            holds: () => {
              throw new Error('no')
            },
          },
        ],
      },
      'STRATEGY_THREW',
      'assertions[0]',
    ],
    [
      'answers an assertion with a number',
      { assertions: [{ name: 'x', holds: () => 1 as unknown as boolean }] },
      'STRATEGY_ANSWER',
      'assertions[0]',
    ],
  ])('a strategy that %s is named, and the machine goes on', (_what, parts, code, hook) => {
    let broken = true
    // Sound after the first store: what is left behind must be fit to go on with.
    const whole = { ...mkwrite, ...parts }
    const strategy = defineStrategy({
      ...whole,
      install: (context) => (broken ? whole.install(context) : INSTALL_MKWRITE),
      afterReadOnly: (context) => (broken ? whole.afterReadOnly(context) : 0),
      updateTimes: (context) => (broken ? whole.updateTimes(context) : 0),
      assertions: (whole.assertions ?? []).map(({ name, holds }) => ({
        name,
        holds: (context: FaultContext) => !broken || holds(context),
      })),
    })
    const { task, machine } = createWorld({ strategy })
    mapFile(k, task, new TinyFile())
    expect(thrown(() => k.store(task, at(0), 1))).toMatchObject({ code, hook, strategy: 'mkwrite' })
    expect(machine.pageTables.ptl.every((owner) => owner === 0)).toBe(true)
    expect([task.mm.mmapLock.readers, task.mm.mmapLock.writer, task.strategyError]).toEqual([0, null, null])
    broken = false
    expect([k.store(task, at(0), 7), k.load(task, at(0)), task.signal]).toEqual([0, 7, null])
    expect([k.store(task, at(1), 8), k.load(task, at(1))]).toEqual([0, 8])
  })

  it('a failure in a fault that the kernel takes is thrown by the call that took it', () => {
    const { task } = createWorld({
      strategy: strategyWith('odd', { installForRead: () => 99 }),
    })
    mapFile(k, task, new TinyFile())
    expect(thrown(() => k.madvise(task, at(0), 4096, MADV_POPULATE_READ))).toMatchObject({
      code: 'STRATEGY_ANSWER',
      hook: 'installForRead',
    })
    expect([task.mm.mmapLock.readers, task.mm.mmapLock.writer]).toEqual([0, null])
  })

  it('assertions that do not hold warn once, and are counted', () => {
    const { task, machine, events } = createWorld({
      strategy: strategyWith('asserts', { assertions: [ASSERT_SHARED_WRITABLE, ASSERT_READ_ONLY_START] }),
    })
    mapFile(k, task, new TinyFile({ pfnMkwrite: false }))
    k.store(task, at(0), 1)
    k.store(task, at(1), 1)
    const assertion = 'the starting protection (vm_page_prot) is read-only'
    expect(machine.strategyHost.warnings).toEqual([
      { strategy: 'asserts', assertion, pgoff: 0, vmFlags: expect.any(Number), times: 2 },
    ])
    expect(machine.strategyHost.warnings[0]!.vmFlags & (VM_WRITE | VM_SHARED)).toBe(VM_WRITE | VM_SHARED)
    expect(events.filter((event) => event.startsWith('WARN_ON_ONCE'))).toHaveLength(1)
  })

  it('a hint goes on in the same fault, as carrying on does, and is gone from the result', () => {
    const { task, events } = createWorld({ strategy: readonlyHint })
    mapFile(k, task, new TinyFile())
    k.store(task, at(0), 1)
    expect(leaf(task, at(0))).toBe('8400000000000a67 pmem+0')
    expect(events.filter((event) => event.startsWith('page_fault_user'))).toHaveLength(1)
    expect(events.filter((event) => event.startsWith('do_wp_page'))).toHaveLength(1)
    expect(events.filter((event) => event.startsWith('handle_mm_fault_ret'))).toEqual([
      'handle_mm_fault_ret 100 0 0',
    ])
  })

  it('unchecked installs writable where the area is not, and checked does not', () => {
    for (const [how, expected] of [
      [INSTALL_WRITABLE, '8400000000000225 pmem+0'],
      [INSTALL_WRITABLE | INSTALL_UNCHECKED, '8400000000000227 pmem+0'],
    ] as const) {
      const { task } = createWorld({ strategy: strategyWith('reads', { installForRead: () => how }) })
      mapFile(k, task, new TinyFile(), { prot: 'r' })
      k.load(task, at(0))
      expect(leaf(task, at(0))).toBe(expected)
    }
  })

  describe('checked', () => {
    const run = (parts: Partial<StrategyDefinition>): StrategyError | null => {
      const strategy = defineStrategy({ ...mkwrite, ...parts })
      const { task } = createWorld({ strategy, checkStrategy: true })
      mapFile(k, task, new TinyFile())
      return thrown(() => {
        k.store(task, at(0), 1)
        k.load(task, at(1))
        k.store(task, at(1), 1)
      })
    }

    it('finds a hook that changes its context, also one that hides it', () => {
      for (const change of [
        (context: FaultContext) => Object.assign(context, { vmFlags: 0 }),
        (context: FaultContext) => Object.defineProperty(context, 'more', { value: 1 }),
        (context: FaultContext) => Reflect.deleteProperty(context, 'vmFlags'),
        (context: FaultContext) => Object.setPrototypeOf(context, null),
      ]) {
        const install = (context: FaultContext): number => {
          try {
            change(context)
          } catch {
            // hidden
          }
          return INSTALL_MKWRITE
        }
        expect(run({ install })).toMatchObject({ code: 'STRATEGY_CONTEXT_CHANGED', hook: 'install' })
      }
    })

    it('finds a hook that looks at the context of an earlier call', () => {
      let kept: FaultContext | null = null
      const install = (context: FaultContext): number => {
        const before = kept?.pgoff ?? 0
        kept = context
        return before < 0 ? INSTALL_READ_ONLY : INSTALL_MKWRITE
      }
      expect(run({ install })).toMatchObject({ code: 'STRATEGY_CONTEXT_KEPT' })
    })

    it('finds a hook that answers one question in two ways', () => {
      let calls = 0
      const install = (): number => (calls++ % 2 === 0 ? INSTALL_MKWRITE : INSTALL_WRITABLE)
      expect(run({ install })).toMatchObject({ code: 'STRATEGY_NOT_PURE', hook: 'install' })
    })

    it('lets sound strategies through', () => {
      for (const strategy of [mkwrite, readonlyHint, deferredMtime]) expect(run(strategy)).toBe(null)
      expect(
        run({
          install: ({ mkwrite: m }) => (m ? INSTALL_MKWRITE : INSTALL_READ_ONLY),
          afterReadOnly: () => AFTER_CARRY_ON,
          updateTimes: () => TIMES_DEFERRED,
          assertions: [ASSERT_SHARED_WRITABLE],
        }),
      ).toBe(null)
    })
  })

  it('a view cannot be changed unchecked either', () => {
    const strategy = strategyWith('changes', {
      install: (context) => {
        ;(context as { pgoff: number }).pgoff = 1
        return INSTALL_MKWRITE
      },
    })
    const { task } = createWorld({ strategy })
    mapFile(k, task, new TinyFile())
    expect(thrown(() => k.store(task, at(0), 1))).toMatchObject({ code: 'STRATEGY_THREW' })
  })
})
