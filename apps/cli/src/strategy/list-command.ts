import { kernelNames } from '@mm-model/core'
import { command } from '../command.ts'
import { table } from '../table.ts'
import { BUILT_IN, ownStrategy } from './built-in.ts'

/** `mm-model strategy list`: the strategies that are built, with what they say of themselves. */
export const listCommand = command({
  name: 'strategy list',
  summary: 'List the strategies that are built, with their capabilities.',
  many: false,
  args: { json: { type: 'boolean', description: 'print JSON' } },
  notes: [
    'first store   traps that the first store to a written 4 KiB page takes',
    'marks dirty   whether software marks the entry of a first store dirty',
    'times         whether times are current when the fault returns, or only after writeback, msync or munmap',
    'the way of    the kernels that do so themselves, and take it where no strategy is named',
  ],
  examples: ['mm-model strategy list', 'mm-model strategy list --json'],
  run: (args, terminal) => {
    if (args.json) {
      const strategies = BUILT_IN.map(({ name, apiVersion, capabilities }) => ({
        name,
        apiVersion,
        capabilities,
        ownOf: kernelsOf(name),
      }))
      terminal.printJson({ strategies })
      return 0
    }
    const rows = BUILT_IN.map(({ name, capabilities }) => [
      name,
      `${capabilities.firstStoreTraps} trap${capabilities.firstStoreTraps === 1 ? '' : 's'}`,
      capabilities.marksDirty ? 'yes' : 'no',
      capabilities.times,
      kernelsOf(name).join(', '),
    ])
    const head = ['strategy', 'first store', 'marks dirty', 'times', 'the way of']
    for (const line of table(head, rows, terminal.colors, [true, true, true, true, true]))
      terminal.print(line)
    return 0
  },
})

/** The kernels that follow it themselves. */
function kernelsOf(name: string): readonly string[] {
  return kernelNames.filter((kernel) => ownStrategy(kernel).name === name)
}
