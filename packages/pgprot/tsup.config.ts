import { library } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig({
  ...library({
    index: 'src/index.ts',
    'x86-64': 'src/x86-64/index.ts',
    arm64: 'src/arm64/index.ts',
    riscv64: 'src/riscv64/index.ts',
  }),
  // Puts the masks of `bits.ts` into the functions as literals: a mask read from a variable of the module costs a
  // scan 40 % (bench/ratios.mjs), and the helpers shrink.
  esbuildOptions(options) {
    options.minifySyntax = true
  },
})
