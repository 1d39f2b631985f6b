// When the times change if they are deferred, with the flag as it would have to be on DAX and with the flag as posted.
import { asPosted, deferredMtime } from '@mm-model/strategy-deferred-mtime'
import { mkwrite } from '@mm-model/strategy-mkwrite'
import { readScenario } from '../print.mjs'
import { printTimes } from '../times.mjs'

for (const name of ['stricter', 'async', 'two-mappings']) {
  printTimes(readScenario(import.meta.dirname, `${name}.scn`), [mkwrite, deferredMtime, asPosted])
  console.log()
}
