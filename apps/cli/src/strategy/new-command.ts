import { CreateError, createStrategy, describeCreated } from '@mm-model/create-strategy'
import { command } from '../command.ts'
import { InputError } from '../input-error.ts'

/** `mm-model strategy new`: starts a plugin. */
export const newCommand = command({
  name: 'strategy new',
  summary: 'Start a strategy: a package that passes the conformance kit and can be published.',
  many: false,
  args: {
    folder: {
      type: 'positional',
      required: true,
      valueHint: 'DIR',
      description: 'the folder, empty or not there yet',
    },
    name: {
      type: 'string',
      valueHint: 'NAME',
      description: 'the name of the package (default: that of the folder)',
    },
  },
  notes: ['The same as `npm create @mm-model/strategy DIR`.'],
  examples: ['mm-model strategy new my-strategy', 'mm-model strategy new eager --name @me/strategy-eager'],
  run: ({ folder, name }, terminal) => {
    try {
      terminal.print(describeCreated(createStrategy({ folder, name })))
    } catch (error) {
      if (!(error instanceof CreateError)) throw error
      throw new InputError(error.place, error.complaint, error.remedy)
    }
    return 0
  },
})
