import type { UserWorkspaceConfig } from 'vitest/config'

export declare function project(name: string, test?: UserWorkspaceConfig['test']): UserWorkspaceConfig

/** Whether the slow tests run, and they alone. */
export declare const SLOW: boolean
