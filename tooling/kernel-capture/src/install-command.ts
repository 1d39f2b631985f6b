import { installPackages, missingPackages, PACKAGES, updateLists } from './apt.ts'
import type { Command } from './command.ts'
import { defaultCache, kernelImage } from './kernel-image.ts'
import { findKernel, KERNELS } from './kernels.ts'

export const installCommand: Command = {
  name: 'install',
  summary: 'Installs what recording needs through apt, and fetches the image of a kernel.',
  operands: [],
  options: {
    kernel: {
      value: KERNELS.map(({ name }) => name).join('|'),
      help: 'also fetch and unpack its image, or build it',
    },
    cache: { value: 'DIR', help: `where images are kept (default: ${defaultCache()})` },
    'dry-run': { help: 'only say what is missing; exit code 1 if anything is' },
  },
  notes: [
    'Packages are installed on this machine, by root or with sudo. Each is named before it is installed.',
    'An image is not installed: it is downloaded into the cache, checked and unpacked there.',
  ],
  examples: ['pnpm capture install', 'pnpm capture install --kernel 6.1'],
  run(words, { print, tell }) {
    const kernel = words.optional('kernel') === null ? null : findKernel(words.text('kernel', ''))
    const missing = missingPackages(kernel?.build !== undefined)
    if (words.flag('dry-run')) {
      for (const name of Object.keys(PACKAGES))
        print(`${missing.includes(name) ? 'missing' : 'installed'}  ${name}: ${PACKAGES[name]}`)
      return missing.length === 0 ? 0 : 1
    }
    if (missing.length > 0) installPackages(missing, tell)
    else if (kernel !== null) updateLists(tell)
    print(missing.length === 0 ? 'all packages are installed' : `installed ${missing.join(', ')}`)
    if (kernel !== null) {
      const image = kernelImage(kernel, words.text('cache', defaultCache()), tell)
      print(`kernel ${kernel.name}: ${image.vmlinuz}`)
    }
    return 0
  },
}
