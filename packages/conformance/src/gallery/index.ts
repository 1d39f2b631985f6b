/**
 * `@mm-model/conformance/gallery`: strategies that are wrong, each in one way that somebody could get wrong, with the check
 * that catches it.
 * @module
 */

export { type WrongStrategy, wrongStrategies } from './wrong-strategies.ts'
