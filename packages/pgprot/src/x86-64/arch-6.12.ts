import type { PageTableArch } from '../arch.ts'
import { createX86Arch, type X86Options } from './arch.ts'
import { pmdLeaf } from './pmd.ts'
import {
  pgprotModify,
  pmdMkdevmap,
  pmdModify,
  pmdTransHuge,
  pteDevmap,
  pteDirty,
  pteMkclean,
  pteMkdevmap,
  pteMkdirty,
  pteMkuffdWp,
  pteMkwrite,
  pteModify,
  pteWrprotect,
} from './saved-dirty.ts'

/** x86-64 in one configuration as Linux 6.12 has it, as a frozen value; what differs is in `saved-dirty.ts`. */
export function createX86Arch612(options: X86Options = {}): PageTableArch {
  const arch = createX86Arch(options)
  return Object.freeze<PageTableArch>({
    ...arch,
    name: `${arch.name}-6.12`,
    pteDirty,
    pteDevmap,
    pteMkwrite,
    pteWrprotect,
    pteMkdirty,
    pteMkclean,
    pteMkuffdWp,
    pteMkdevmap,
    pteModify,
    pmdDirty: pteDirty,
    pmdDevmap: pteDevmap,
    pmdTransHuge,
    pmdMkwrite: pteMkwrite,
    pmdWrprotect: pteWrprotect,
    pmdMkdirty: pteMkdirty,
    pmdMkclean: pteMkclean,
    pmdMkuffdWp: pteMkuffdWp,
    pmdMkdevmap,
    pmdModify,
    // Since 6.10 PSE alone makes a leaf here too.
    pudLeaf: pmdLeaf,
    pudDirty: pteDirty,
    pudDevmap: pteDevmap,
    pudTransHuge: pmdTransHuge,
    pudMkwrite: pteMkwrite,
    pudWrprotect: pteWrprotect,
    pudMkdirty: pteMkdirty,
    pudMkclean: pteMkclean,
    pudMkdevmap: pmdMkdevmap,
    pgprotModify,
  })
}

/** Four levels, Linux 6.12. */
export const x86Arch612: PageTableArch = /*#__PURE__*/ createX86Arch612()
