import { test } from 'node:test'
import { conform } from '@mm-model/conformance'
import { strategy } from '../src/index.js'

conform({ test, strategy })
