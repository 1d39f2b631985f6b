// Texts of plugins, good and bad.

/** The members of a definition that works. */
const MEMBERS: string =
  "name: 'mine', apiVersion: 1, capabilities: { firstStoreTraps: 1, marksDirty: true, times: 'fault' }, install: () => 15"

/** A definition as an expression: what works, then what is different. */
export function definition(different: string = ''): string {
  return `{ ${MEMBERS}, ${different} }`
}

/** An ECMAScript module with it as its default export. */
export function plugin(different: string = ''): string {
  return `export default ${definition(different)}\n`
}
