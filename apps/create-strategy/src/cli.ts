import { parseArgs } from 'node:util'
import { description, version } from '../package.json'
import { createStrategy } from './create.ts'
import { CreateError } from './create-error.ts'
import { describeCreated } from './describe.ts'

const HELP = [
  description,
  '',
  'Usage',
  '  create-strategy DIR [flags]',
  '',
  'Operands',
  '  DIR  the folder, empty or not there yet',
  '',
  'Flags',
  '  --name NAME  the name of the package (default: that of the folder)',
  '  --help       show this',
  '  --version    print the version',
  '',
  'Exit codes',
  '  0  made',
  '  2  the command line or the folder cannot be used; a message on standard error says where and what to do',
].join('\n')

function main(words: readonly string[]): void {
  const { values, positionals } = parse(words)
  if (values.help === true) console.log(HELP)
  else if (values.version === true) console.log(version)
  else {
    const [folder, extra] = positionals
    if (folder === undefined || folder === '')
      throw new CreateError('create-strategy', 'DIR is missing', 'give a folder that is empty or not there')
    if (extra !== undefined)
      throw new CreateError('create-strategy', `unexpected '${extra}'`, 'give one folder')
    console.log(describeCreated(createStrategy({ folder, name: values.name })))
  }
}

function parse(
  words: readonly string[],
): Pick<ReturnType<typeof parseArgs<typeof ARGS>>, 'values' | 'positionals'> {
  try {
    return parseArgs({ ...ARGS, args: [...words] })
  } catch (error) {
    const [message = ''] = error instanceof Error ? error.message.split(/[.\n]/) : []
    throw new CreateError('create-strategy', message, "run 'create-strategy --help'")
  }
}

const ARGS = {
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  },
} as const

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CreateError)) throw error
  console.error(`create-strategy: ${error.message}`)
  process.exitCode = 2
}
