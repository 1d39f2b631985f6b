/** How closely two observations are compared; each tier takes in the ones before it. */
export type Tier = 'semantics' | 'dax' | 'path'

/** The tiers, from what a program can see to which way the kernel went. */
export const TIERS: readonly Tier[] = ['semantics', 'dax', 'path']

/** A number for each tier. */
export type TierCounts = Readonly<Record<Tier, number>>

/** Whether a comparison at `tier` looks at what belongs to `other`. */
export function tierIncludes(tier: Tier, other: Tier): boolean {
  return TIERS.indexOf(other) <= TIERS.indexOf(tier)
}
