import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { failedAt } from './result.ts'
import type { Entry, Symlinks } from './entries.ts'
import { below, shown, type Name } from './words.ts'

// a link to a folder above itself would be followed for ever
const DEEPEST = 100

/** Everything below a folder of ours, folders before what is in them. */
export const walk = async function* (root: Name, symlinks: Symlinks): AsyncGenerator<Entry> {
  yield* walkFrom(root, Buffer.alloc(0), symlinks, 0)
}

const walkFrom = async function* (root: Name, path: Name, symlinks: Symlinks, depth: number): AsyncGenerator<Entry> {
  const full = below(root, path)
  const isFollowed = symlinks === 'follow' || path.length === 0
  const seen = await (isFollowed ? stat(full) : lstat(full)).catch((cause: NodeJS.ErrnoException) => {
    if (isFollowed && path.length > 0 && cause.code === 'ENOENT') return undefined // a link that leads nowhere
    throw failedAt(shown(full), `It cannot be read here (${cause.code}).`, cause)
  })
  if (seen === undefined) return yield { kind: 'other', path }
  const mode = seen.mode & 0o777
  if (seen.isSymbolicLink()) yield { kind: 'link', path, leadsTo: await readlink(full, { encoding: 'buffer' }) }
  else if (seen.isFile()) yield { kind: 'file', path, mode, sizeBytes: seen.size }
  else if (!seen.isDirectory()) yield { kind: 'other', path }
  else {
    if (depth > DEEPEST) throw failedAt(shown(full), 'It is too deep; a link may lead to a folder above itself.')
    yield { kind: 'folder', path, mode }
    const names = await readdir(full, { encoding: 'buffer' }).catch((cause: NodeJS.ErrnoException) => {
      throw failedAt(shown(full), `It cannot be read here (${cause.code}).`, cause)
    })
    for (const name of names.sort((a, b) => a.compare(b)))
      yield* walkFrom(root, path.length === 0 ? name : below(path, name), symlinks, depth + 1)
  }
}
