import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      'packages/*/vitest.config.ts',
      'packages/strategies/*/vitest.config.ts',
      'apps/*/vitest.config.ts',
      'tooling/*/vitest.config.ts',
      'museum/vitest.config.ts',
    ],
    // By itself it leaves one processor idle, which of two is half.
    maxWorkers: '100%',
    reporters: ['default', './tooling/vitest/summary.mjs'],
  },
})
