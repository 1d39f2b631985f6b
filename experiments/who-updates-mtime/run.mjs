// Who updates the times of a file, and when, under each strategy.
import { deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { fallthrough } from '@mm-model/strategy-fallthrough'
import { insertWritable } from '@mm-model/strategy-insert-writable'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readonlyHint } from '@mm-model/strategy-readonly-hint'
import { retry } from '@mm-model/strategy-retry'
import { readScenario } from '../print.mjs'
import { printTimes } from '../times.mjs'

printTimes(readScenario(import.meta.dirname, 'stores.scn'), [
  retry,
  insertWritable,
  fallthrough,
  readonlyHint,
  mkwrite,
  deferredMtime,
])
