import { chmod, lstat, mkdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import type { Entry } from './entries.ts'
import { failedAt } from './result.ts'
import { below, shown, type Name } from './words.ts'

type Folder = Extract<Entry, { kind: 'folder' }>
type Link = Extract<Entry, { kind: 'link' }>

const refuse = (name: Name, cause: NodeJS.ErrnoException): never => {
  throw failedAt(shown(name), `It cannot be made here (${cause.code}).`, cause)
}

/**
 * Makes the folders that are not there, for us alone so far. Returns those it made. Below `to` a link is never gone
 * through: it would lead what the target sends to another place.
 */
export const makeFoldersHere = async (to: Name, folders: readonly Folder[]): Promise<Folder[]> => {
  const made: Folder[] = []
  for (const folder of folders) {
    const name = below(to, folder.path)
    const isTop = folder.path.length === 0
    const found = await (isTop ? stat(name) : lstat(name)).catch(() => undefined)
    if (found?.isDirectory() === true) continue
    if (found !== undefined) throw failedAt(shown(name), 'There is something else of that name, which is no folder.')
    await mkdir(name, { recursive: isTop, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => refuse(name, cause))
    made.push(folder)
  }
  return made
}

export const setModesHere = async (to: Name, folders: readonly Folder[]): Promise<void> => {
  for (const { path, mode } of folders.toReversed()) await chmod(below(to, path), mode)
}

/** Makes links, in place of others of that name, never in place of anything else. */
export const makeLinksHere = async (to: Name, links: readonly Link[]): Promise<void> => {
  for (const { path, leadsTo } of links) {
    const name = below(to, path)
    if (await readlink(name).catch(() => undefined)) await rm(name)
    await symlink(leadsTo, name).catch((cause: NodeJS.ErrnoException) => refuse(name, cause))
  }
}
