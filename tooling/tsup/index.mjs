/** A library: ESM, CommonJS and one bundled declaration file of each kind per entry. */
export function library(entry = { index: 'src/index.ts' }) {
  return {
    entry,
    format: ['esm', 'cjs'],
    // tsup injects `baseUrl`, which TypeScript 6 rejects unless told otherwise; keep it out of tsconfig.
    // Other packages are built before: their declarations are read faster than their sources.
    dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [] } },
    sourcemap: true,
    clean: true,
    treeshake: true,
    target: 'es2022',
    tsconfig: 'tsconfig.build.json',
  }
}

/** A command line: ESM only, no declarations. */
export function commandLine(entry = { cli: 'src/cli.ts' }) {
  return {
    entry,
    format: ['esm'],
    platform: 'node',
    dts: false,
    sourcemap: true,
    clean: true,
    treeshake: true,
    target: 'node20',
    tsconfig: 'tsconfig.build.json',
  }
}
