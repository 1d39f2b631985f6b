export interface Helper {
  readonly name: string
  readonly kind: 'test' | 'make' | 'number' | 'modify' | 'frame' | 'table' | 'same' | 'swap' | 'vmflags'
  readonly bits?: number
  readonly c: string
  readonly ours: string
}
export interface Configuration {
  readonly arch: 'x86-64' | 'arm64' | 'riscv64'
  readonly entries: number
  readonly helpers: readonly Helper[]
}
export declare const CONFIGURATIONS: Readonly<Record<string, Configuration>>
export declare function ourFunctions(
  name: string,
  modules: Readonly<Record<'index' | 'x86-64' | 'arm64' | 'riscv64', object>>,
): Readonly<Record<string, unknown>>
