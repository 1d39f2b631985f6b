import { commandLine } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig(
  commandLine({
    cli: 'src/cli.ts',
    'strategy-child': 'src/strategy/child.ts',
    'check-worker': 'src/check/worker.ts',
  }),
)
