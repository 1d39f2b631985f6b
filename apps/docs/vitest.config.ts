import { project, SLOW } from '@mm-model/vitest-config'
import { defineProject } from 'vitest/config'

// *.test.ts need nothing; *.e2e.ts drive the built site in Chromium, which is slow: `npm run build` first.
export default defineProject(
  project('docs', {
    include: SLOW ? ['test/**/*.e2e.ts'] : ['test/**/*.{test,e2e}.ts'],
    exclude: SLOW ? ['**/node_modules/**'] : ['**/node_modules/**', '**/*.e2e.ts'],
    globalSetup: ['test/chromium.ts'],
    testTimeout: 60_000,
  }),
)
