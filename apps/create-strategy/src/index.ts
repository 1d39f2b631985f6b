/**
 * `@mm-model/create-strategy`: from nothing to a strategy plugin that passes the conformance kit and can be published.
 * @module
 */

export { type Created, type CreateOptions, createStrategy } from './create.ts'
export { CreateError } from './create-error.ts'
export { describeCreated } from './describe.ts'
