/**
 * Steps and executions per second of the reduced search, for two writers on one hole. What is printed depends on the
 * machine; what it does not depend on is that the search ends, and how many executions that takes.
 */
import { explore } from '@mm-model/check'
import { MAP_FIXED, MAP_SHARED, Machine } from '@mm-model/core'
import * as core from '@mm-model/core/plain'
import { store } from '@mm-model/core/steps'
import { mountExt4 } from '@mm-model/dax'
import * as dax from '@mm-model/dax/plain'
import { mkwrite } from '@mm-model/strategy-mkwrite'

const ADDRESS = 0x600000000000
const PAGE = 4096

/** Two threads that store to the page; with `tables`, those above it are there, since a neighbour was loaded from. */
function twoWriters(tables) {
  return () => {
    const machine = new Machine({ strategy: mkwrite, cpus: 2, pmemPages: 2048, ramPages: 1024 })
    const task = machine.createTask(0)
    const other = machine.addTask(task.mm, 1)
    const file = dax.openCreate(task, mountExt4(machine), 'a')
    dax.ftruncate(task, file, 2 * PAGE)
    core.mmap(task, {
      address: ADDRESS,
      length: 2 * PAGE,
      prot: 3,
      flags: MAP_SHARED | MAP_FIXED,
      file,
      offset: 0,
    })
    if (tables) core.load(task, ADDRESS + PAGE)
    return {
      machine,
      files: [file],
      threads: [task, other].map((t, i) => ({
        name: `t${i + 1}`,
        task: t,
        calls: [() => store(t, ADDRESS, i + 1)],
      })),
    }
  }
}

for (const [name, tables] of [
  ['no tables', false],
  ['tables there', true],
]) {
  for (let round = 1; round <= 3; round++) {
    const start = process.hrtime.bigint()
    const cpu = process.cpuUsage()
    const { verdict, executions, steps } = explore(twoWriters(tables))
    const seconds = Number(process.hrtime.bigint() - start) / 1e9
    const { user, system } = process.cpuUsage(cpu)
    const rate = (count) => Math.round(count / seconds).toLocaleString('en-US')
    console.log(
      `two writers, ${name}, round ${round}: ${verdict}; ${executions} executions, ${steps} steps in ${seconds.toFixed(2)} s ` +
        `(${((user + system) / 1e6).toFixed(2)} s of CPU): ${rate(steps)} steps/s, ${rate(executions)} executions/s`,
    )
  }
}
