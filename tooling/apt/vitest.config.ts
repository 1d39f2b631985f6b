import { project } from '@mm-model/vitest-config'
import { defineProject } from 'vitest/config'

export default defineProject(project('apt'))
