// The built site on 127.0.0.1, and nothing else: what `npm run docs` shows and what the browser tests visit.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const site = resolve(import.meta.dirname, '../.vitepress/dist')

/** @type {Record<string, string>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Serves the built site. With port 0 the system chooses one.
 * @param {number} port
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export function serve(port = 0) {
  const server = createServer((request, response) => {
    const file = fileFor(request.url ?? '/')
    const found = file !== null
    const path = file ?? join(site, '404.html')
    response.writeHead(found ? 200 : 404, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
    })
    createReadStream(path).pipe(response)
  })
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const chosen = typeof address === 'object' && address ? address.port : port
      const close = () =>
        /** @type {Promise<void>} */ (
          new Promise((closed) => {
            server.close(() => closed())
            server.closeAllConnections()
          })
        )
      done({ url: `http://127.0.0.1:${chosen}`, close })
    })
  })
}

/**
 * The file for a URL, inside the site, or `null`.
 * @param {string} url
 */
function fileFor(url) {
  let path
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
  } catch {
    return null
  }
  const base = join(site, path)
  if (base !== site && !base.startsWith(site + sep)) return null
  for (const file of [base, `${base}.html`, join(base, 'index.html')])
    if (existsSync(file) && statSync(file).isFile()) return file
  return null
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(site)) {
    console.error('docs: the site is not built; run `npm run docs`')
    process.exit(2)
  }
  const wanted = Number(process.env.PORT ?? 4173)
  const { url } = await serve(wanted).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error
    return serve(0)
  })
  console.log(`\n  mm-model docs: ${url}/\n  decoder:       ${url}/decoder.html\n\n  Ctrl+C stops it.`)
}
