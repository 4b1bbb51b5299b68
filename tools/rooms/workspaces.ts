import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

export type Workspaces = {
  /** @returns the path from the root that a specifier leads to; `undefined` when that is not in this repository */
  readonly resolve: (from: string, specifier: string) => string | undefined
}

type Manifest = { name?: string; exports?: Record<string, string> }

/** Finds the workspaces among the files by their package.json. */
export const readWorkspaces = (root: string, files: readonly string[]): Workspaces => {
  const entries = files
    .filter((path) => /^(apps|packages)\/[^/]+\/package\.json$/.test(path))
    .flatMap((path) => {
      const { name = '', exports = {} } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
      return [{ name, folder: posix.dirname(path), exports }]
    })
  return {
    resolve: (from, specifier) => {
      if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
      const found = entries.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
      if (found === undefined) return undefined
      const subpath = `.${specifier.slice(found.name.length)}`
      return posix.join(found.folder, found.exports[subpath] ?? subpath)
    },
  }
}
