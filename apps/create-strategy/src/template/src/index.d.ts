import type { WriteFaultStrategy } from '@mm-model/core'

export declare const strategy: WriteFaultStrategy
