import type { Command } from './command.ts'
import { KERNELS } from './kernels.ts'

export const kernelsCommand: Command = {
  name: 'kernels',
  summary: 'Lists the kernels that the harness knows.',
  operands: [],
  options: { json: { help: 'print the definitions as JSON' } },
  notes: [
    'The definitions are data in tooling/kernel-capture/src/kernels.ts; the README says how to add one.',
  ],
  examples: ['pnpm capture kernels'],
  run(words, { print }) {
    if (words.flag('json')) print(JSON.stringify(KERNELS, null, 2))
    else
      for (const { name, title, image, build } of KERNELS) {
        print(`${name.padEnd(6)} ${title} (${image.package} ${image.version})`)
        if (build !== undefined) print(`       strategies: ${build.strategies.join(', ')}`)
      }
    return 0
  },
}
