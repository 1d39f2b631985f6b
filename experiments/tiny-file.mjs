// The smallest backend, for what a file system would not do: pages are frames of persistent memory, one after the other.
// Plain form only: these experiments run straight through.
import { AddressSpace, File, FMODE_READ, FMODE_WRITE, PMEM_BASE_PFN } from '@mm-model/core'

export class TinyFile extends File {
  /**
   * `insert(t, vmf, pfn)` installs the entry and returns what `->fault` does; `pfnMkwrite(t, vmf, pfn)` is asked for
   * stores that met a read-only entry, and without it there is no such handler.
   */
  constructor({ insert, pfnMkwrite = null }) {
    const pfn = (vmf) => PMEM_BASE_PFN + vmf.pgoff
    const plain = {
      fault: (t, vmf) => insert(t, vmf, pfn(vmf)),
      hugeFault: null,
      pfnMkwrite: pfnMkwrite === null ? null : (t, vmf) => pfnMkwrite(t, vmf, pfn(vmf)),
    }
    const mmap = (_t, _file, vma) => {
      vma.vmOps = { plain }
      return 0
    }
    super({
      name: 'tiny',
      mapping: new AddressSpace('tiny'),
      mode: FMODE_READ | FMODE_WRITE,
      isDax: true,
      ops: { mmapSupportedFlags: 0, plain: { mmap, fsync: () => 0, punchHole: () => 0 } },
    })
  }
}
