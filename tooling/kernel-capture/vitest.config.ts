import { project } from '@mm-model/vitest-config'
import { defineProject } from 'vitest/config'

// No test boots anything. `cli.test.ts` runs the built `dist/cli.js`, too, in a child process: `npm run build` first.
export default defineProject(project('kernel-capture'))
