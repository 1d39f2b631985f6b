import { project } from '@mm-model/vitest-config'
import { defineProject } from 'vitest/config'

// *.test.ts need nothing; *.e2e.ts drive the built site in Chromium: `npm run build` first.
export default defineProject(
  project('docs', {
    include: ['test/**/*.{test,e2e}.ts'],
    globalSetup: ['test/chromium.ts'],
    testTimeout: 60_000,
  }),
)
