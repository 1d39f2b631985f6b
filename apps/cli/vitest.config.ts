import { project } from '@mm-model/vitest-config'
import { defineProject } from 'vitest/config'

// Some of these tests run the built `dist/cli.js` in a child process: `npm run build` first.
export default defineProject(project('cli'))
