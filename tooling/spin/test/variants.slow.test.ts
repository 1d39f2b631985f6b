import { describe, expect, it, test } from 'vitest'
import {
  checkVariant,
  installPrograms,
  missingPrograms,
  readVariants,
  type Variant,
  verify,
} from '../verifier.mjs'

const variants = readVariants()
const named = (id: string) => variants.filter((variant) => variant.id === id)

describe('the table', () => {
  it('has one variant of a name and a time', () => {
    const names = variants.map(({ id, when }) => `${id} ${when}`)
    expect(names).toEqual([...new Set(names)])
  })

  it('expects each bug to be found before its fix and not after, in the same model', () => {
    for (const before of variants.filter(({ when }) => when === 'before')) {
      const after = variants.find(({ id, when }) => id === before.id && when === 'after')
      expect(before, before.id).toMatchObject({ violated: true, assertion: expect.stringMatching(/^I\d+$/) })
      expect(after, before.id).toMatchObject({ violated: false, assertion: null, model: before.model })
    }
  })

  it('looks, after the fix, at what was broken before it', () => {
    for (const before of variants.filter(({ when, assertion }) => when === 'before' && assertion !== 'I39')) {
      const checks = variants.find(({ id, when }) => id === before.id && when === 'after')?.checks ?? []
      const looked =
        checks === 'all'
          ? before.assertion !== 'I24'
          : checks === 'all+I24' || checks.includes(before.assertion ?? '')
      expect(looked, before.id).toBe(true)
    }
  })

  it('refuses a macro that no model asks for: it would change nothing', () => {
    const [first] = variants as [Variant]
    expect(() => checkVariant({ ...first, macros: ['ZERO_AT_FALUT'] })).toThrow(
      expect.objectContaining({ code: 'SPIN_BAD_TABLE' }),
    )
  })
})

// The whole table is `npm run spin`. Here are few searches, and only where spin is or can be installed.
if (missingPrograms().length > 0 && process.getuid?.() === 0) {
  try {
    installPrograms(console.log)
  } catch (error) {
    console.log(String(error))
  }
}
const missing = missingPrograms()
if (missing.length > 0)
  console.log(`spin: no ${missing.join(', no ')}; CI_REQUIRE_SPIN=1 makes this a failure.`)

test('there is a spin to search with, where one is required', () => {
  if (process.env.CI_REQUIRE_SPIN === '1') expect(missing).toEqual([])
})

describe.skipIf(missing.length > 0)('spin', () => {
  it.each([...named('dirty-cow'), ...named('pmd-against-pte')])(
    'says of $id $when what the table says',
    async (variant) => {
      expect(await verify(variant)).toMatchObject({
        violated: variant.violated,
        assertion: variant.assertion,
      })
    },
  )

  it('gives no verdict of a search that its depth or memory cut short', async () => {
    const [, after] = named('pmd-against-pte') as [Variant, Variant]
    for (const limits of [{ depth: 50 }, { memory: 1 }])
      await expect(verify(after, limits)).rejects.toMatchObject({ code: 'SPIN_NOT_EXHAUSTED' })
  })
})
