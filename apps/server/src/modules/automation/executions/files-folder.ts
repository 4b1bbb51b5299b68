import { mkdir, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'

/** Why a path of the folder for files cannot be used; the message is for whoever runs the job. */
export class FilesRefusal extends Error {}

const isBelow = (path: string, folder: string) =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep)

/** The folder itself, and the path in it without what leads out by its words. */
const readPath = async (folder: string | undefined, path: string): Promise<{ root: string; full: string }> => {
  if (folder === undefined)
    throw new FilesRefusal('The executor has no folder for files. OPSCONDUCTOR_FILES_DIR there names one.')
  const root = await realpath(folder).catch(() => {
    throw new FilesRefusal('The executor’s folder for files, OPSCONDUCTOR_FILES_DIR, is not there.')
  })
  const inside = normalize(path)
  if (path === '' || path.includes('\0') || isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`))
    throw new FilesRefusal(`"${path}" is no path in the executor’s folder for files.`)
  return { root, full: join(root, inside) }
}

const leadsOut = (path: string) =>
  new FilesRefusal(`"${path}" leads out of the executor’s folder for files by a symbolic link.`)

/** What is there to be read. @throws FilesRefusal when it is not there, or leads out of the folder */
export const fileToRead = async (folder: string | undefined, path: string): Promise<string> => {
  const { root, full } = await readPath(folder, path)
  const real = await realpath(full).catch(() => {
    throw new FilesRefusal(`There is no "${path}" in the executor’s folder for files.`)
  })
  if (!isBelow(real, root)) throw leadsOut(path)
  return real
}

/** Where something may be written; the folders above it are made. @throws FilesRefusal when it leads out of the folder */
export const fileToWrite = async (folder: string | undefined, path: string): Promise<string> => {
  const { root, full } = await readPath(folder, path)
  if (full === root)
    throw new FilesRefusal(`"${path}" is the executor’s folder for files itself. Name something in it.`)
  if (!isBelow(await nearestReal(dirname(full)), root)) throw leadsOut(path)
  await mkdir(dirname(full), { recursive: true, mode: 0o700 })
  const place = join(await realpath(dirname(full)), full.slice(dirname(full).length + 1))
  const real = await realpath(place).catch(() => place)
  if (!isBelow(real, root)) throw leadsOut(path)
  return place
}

/** The deepest folder on the way that is there already, where it really is. */
const nearestReal = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch {
    return nearestReal(dirname(path))
  }
}
