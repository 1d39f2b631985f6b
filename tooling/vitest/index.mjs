import { fileURLToPath } from 'node:url'

/**
 * The configuration of one vitest project. `name` is what `vitest --project` takes; `test` is merged over the defaults.
 */
export function project(name, test = {}) {
  return {
    // Workspace packages resolve to their source: tests need no build. In node projects vitest looks here only.
    ssr: { resolve: { conditions: ['@mm-model/source'] } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      // A test that hangs must end; how long a sound one takes is the machine's affair.
      testTimeout: 120_000,
      setupFiles: [fileURLToPath(new URL('./setup.mjs', import.meta.url))],
      ...test,
    },
  }
}
