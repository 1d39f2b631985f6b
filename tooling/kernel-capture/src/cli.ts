import type { Terminal } from './command.ts'
import { explain, main } from './main.ts'

function writer(stream: NodeJS.WriteStream): (line: string) => void {
  // A reader that goes away (`| head`) ends the output, not the work.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return (line) => void (stream.writable && stream.write(`${line}\n`))
}

const terminal: Terminal = { print: writer(process.stdout), tell: writer(process.stderr) }
// A guest must not outlive an interrupted run: the handler of `exit` ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2))
try {
  // Never process.exit at an end: what is printed must reach a pipe.
  process.exitCode = await main(process.argv.slice(2), terminal)
} catch (error) {
  terminal.tell(explain(error))
  process.exitCode = 2
}
