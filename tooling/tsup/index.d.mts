import type { Options } from 'tsup'

export declare function library(entry?: Record<string, string>): Options
export declare function commandLine(entry?: Record<string, string>): Options
