export interface Halves {
  readonly lo: Uint32Array
  readonly hi: Uint32Array
}
export declare const BLOCK: number
export declare const SEED: number
export declare function createInputs(seed: number): { fill(a: Halves, b: Halves, count: number): void }
export declare function createHalves(count?: number): Halves
export declare function evaluate(
  helper: { readonly kind: string; readonly bits?: number },
  ours: unknown,
  a: Halves,
  b: Halves,
  out: Halves,
  count: number,
): void
export declare function digest(halves: Halves, count: number): number
export declare function foldDigest(run: number, block: number): number
