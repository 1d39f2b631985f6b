import { library } from '@mm-model/tsup-config'
import { defineConfig } from 'tsup'

export default defineConfig(library({ index: 'src/index.ts' }))
