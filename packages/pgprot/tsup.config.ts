import { library } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig(
  library({
    index: 'src/index.ts',
    'x86-64': 'src/x86-64/index.ts',
    arm64: 'src/arm64/index.ts',
    riscv64: 'src/riscv64/index.ts',
  }),
)
