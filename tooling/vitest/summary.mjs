/** A vitest reporter that ends the run with one plain line: `N passed, N failed`, and `, N skipped` if there are any. */
export default class Summary {
  onTestRunEnd(modules, unhandledErrors = []) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++
      // A file that does not load has no tests to fail: it counts as one.
      if (module.errors().length > 0) count.failed++
    }
    count.failed += unhandledErrors.length
    const skipped = count.skipped + count.pending
    this.line = `${count.passed} passed, ${count.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    process.once('exit', () => console.log(this.line))
  }
}
