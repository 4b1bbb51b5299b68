import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './run.mjs'

/** What the built pages are made of. */
const sources = ['apps/web', 'packages/contract', 'package-lock.json']

const stampFile = (root) => join(root, 'apps', 'web', 'dist', '.stamp')

/** Was the web UI built from the sources as they are now? */
export const isWebUiBuilt = (root) => {
  try {
    return readFileSync(stampFile(root), 'utf8') === hashSources(root)
  } catch {
    return false // never built, or a build was interrupted
  }
}

export const buildWebUi = async (root) => {
  const started = Date.now()
  const stamp = hashSources(root) // of before the build: a change during it makes the next start build again
  console.log('Building the web UI (only when it changes) …')
  await npm(root, ['run', 'build', '--workspace', 'apps/web'])
  writeFileSync(stampFile(root), stamp)
  console.log(`Built in ${Math.round((Date.now() - started) / 1000)} s.`)
}

const hashSources = (root) => {
  const hash = createHash('sha256')
  for (const file of sources.flatMap((path) => listFiles(root, path))) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

/** Files below a path of the root, in one order everywhere. */
const listFiles = (root, path) => {
  if (path.endsWith('.json')) return [path]
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inner = `${path}/${entry.name}`
      if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : listFiles(root, inner)
      return entry.isFile() ? [inner] : []
    })
}
