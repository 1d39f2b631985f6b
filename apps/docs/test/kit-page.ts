/* What a page that runs the conformance kit needs, as one module: `kit.e2e.ts` bundles it. */
export { type Combination, combinations, conform, outcomes, References } from '@mm-model/conformance'
export { wrongStrategies } from '@mm-model/conformance/gallery'
export { mkwrite } from '@mm-model/strategy-mkwrite'
