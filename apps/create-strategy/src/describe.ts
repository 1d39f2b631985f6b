import type { Created } from './create.ts'

/** What was made and what to do now, for a reader. */
export function describeCreated({ folder, name, files, next, linked }: Created): string {
  return [
    `${name} in ${folder}`,
    ...files.map((file) => `  ${file}`),
    ...(linked ? ['  node_modules: links to the packages of this repository'] : []),
    '',
    'Now',
    ...next.map((line) => `  ${line}`),
  ].join('\n')
}
