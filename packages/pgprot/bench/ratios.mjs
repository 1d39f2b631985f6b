#!/usr/bin/env node
/**
 * Prints how the scan of `loops.cjs` compares, on the built package: interleaved rounds in one process, and of each
 * round the ratio; medians with quartiles. Absolute times say more about the machine than about the code.
 *
 *   node packages/pgprot/bench/ratios.mjs [rounds]
 */
import { createRequire } from 'node:module'

const { COUNT, createEntries, scanArch, scanBigint, scanByHand, scanSingle, x86Arch } = createRequire(
  import.meta.url,
)('./loops.cjs')

const rounds = Number(process.argv[2] ?? 60)
const { big, hi, lo } = createEntries()
const loops = {
  'by hand': () => scanByHand(lo, hi),
  'single functions': () => scanSingle(lo, hi),
  'architecture value': () => scanArch(x86Arch, lo, hi),
  bigint: () => scanBigint(big),
}

const sums = Object.values(loops).map((loop) => loop())
if (sums.some((sum) => sum !== sums[0])) throw new Error(`the loops disagree: ${sums.join(', ')}`)

const times = Object.fromEntries(Object.keys(loops).map((name) => [name, []]))
for (let round = -5; round < rounds; round++) {
  for (const [name, loop] of Object.entries(loops)) {
    const repeat = name === 'bigint' ? 1 : 8
    const start = performance.now()
    for (let i = 0; i < repeat; i++) loop()
    // The first rounds warm up.
    if (round >= 0) times[name].push((performance.now() - start) / repeat)
  }
}

function quartiles(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return [0.25, 0.5, 0.75].map((q) => sorted[Math.floor(q * (sorted.length - 1))])
}

console.log(`${COUNT.toLocaleString('en')} entries, ${rounds} rounds, Node ${process.versions.node}`)
for (const [name, against, limit] of [
  ['single functions', 'by hand', '<= 1.2'],
  ['architecture value', 'by hand', ''],
  ['bigint', 'single functions', '>= 20'],
]) {
  const [low, median, high] = quartiles(times[name].map((time, i) => time / times[against][i]))
  const wanted = limit === '' ? '' : `   wanted ${limit}`
  const text = `${name} / ${against}`.padEnd(34)
  console.log(`${text} ${median.toFixed(2)}x  (quartiles ${low.toFixed(2)} to ${high.toFixed(2)})${wanted}`)
}
