import { commandLine } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig({
  ...commandLine(),
  // One file, made of the packages' sources: a run takes minutes, and must not fall over a build that goes on meanwhile.
  noExternal: [/^@mm-model\//],
  esbuildOptions(options) {
    options.conditions = ['@mm-model/source']
  },
})
