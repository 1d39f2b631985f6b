import { commandLine } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig({
  ...commandLine({ cli: 'src/cli.ts', index: 'src/index.ts' }),
  dts: { entry: { index: 'src/index.ts' }, compilerOptions: { ignoreDeprecations: '6.0' } },
})
