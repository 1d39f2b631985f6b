import { fileURLToPath } from 'node:url'

/**
 * Whether the slow tests run, and they alone: `npm run test:slow`. They are `*.slow.test.ts`, and what a project says.
 */
export const SLOW = process.env.SLOW_TESTS === '1'

/**
 * The configuration of one vitest project. `name` is what `vitest --project` takes; `test` is merged over the defaults.
 */
export function project(name, test = {}) {
  return {
    // Workspace packages resolve to their source: tests need no build. In node projects vitest looks here only.
    ssr: { resolve: { conditions: ['@mm-model/source'] } },
    test: {
      name,
      include: SLOW ? ['test/**/*.slow.test.ts'] : ['test/**/*.test.ts'],
      exclude: SLOW ? ['**/node_modules/**'] : ['**/node_modules/**', '**/*.slow.test.ts'],
      // Modules are evaluated once for all files that a worker runs, which takes half the time: nothing here keeps state in a module.
      isolate: false,
      // A test that hangs must end; how long a sound one takes is the machine's affair.
      testTimeout: 120_000,
      setupFiles: [fileURLToPath(new URL('./setup.mjs', import.meta.url))],
      ...test,
    },
  }
}
