import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import { type Account, canReach } from './account.ts'
import type { Binaries } from './binaries.ts'
import { isMissing } from './missing.ts'
import { type Places, sharedHome } from './places.ts'
import { runAs } from './run.ts'

export type ClusterOptions = {
  readonly account: Account
  readonly binaries: Binaries
  readonly dataDir: string
  readonly places: Places
  readonly ownerPassword: string
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Makes the cluster when there is none. It is built aside and gets its name when whole, so an interrupted first start
 * leaves nothing half made. Call it holding the lock.
 *
 * @returns the folder to hand to `postgres -D`
 * @throws Error when the folder belongs to another major version
 */
export const ensureCluster = async (options: ClusterOptions): Promise<string> => {
  const { places, binaries } = options
  const version = await readVersion(places.cluster)
  if (version === undefined) await createCluster(options)
  else if (version !== binaries.major) {
    throw new Error(
      `${places.cluster} was made by PostgreSQL ${version}, and this is PostgreSQL ${binaries.major}. ` +
        `Start the OpsConductor that made it, or move the data with pg_dump and pg_restore of version ${version}.`,
    )
  }
  return realpath(places.cluster)
}

/** The major version written in the cluster, undefined when there is none. */
const readVersion = async (cluster: string): Promise<number | undefined> => {
  try {
    return Number.parseInt(await readFile(join(cluster, 'PG_VERSION'), 'utf8'), 10)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const createCluster = async (options: ClusterOptions) => {
  const { account, dataDir, places, log } = options
  log.info('making a new database (a few seconds, once)')
  if (await canReach(account, dataDir)) {
    const building = `${places.cluster}.new`
    await initialise(options, building)
    await rename(building, places.cluster)
    return
  }
  const clusters = join(sharedHome, 'clusters')
  const cluster = join(clusters, randomUUID())
  log.info(
    { cluster },
    `${account.name} cannot reach ${dataDir}: the database lives in ${cluster}, and ${places.cluster} points to it`,
  )
  await mkdir(clusters, { recursive: true })
  for (const folder of [sharedHome, clusters]) await chmod(folder, 0o755) // whatever the umask is
  await initialise(options, cluster)
  await symlink(cluster, places.cluster)
}

const initialise = async (options: ClusterOptions, cluster: string) => {
  const { account, binaries, ownerPassword, signal } = options
  const passwordFile = `${cluster}.password` // a file, because arguments can be read by everyone on the machine
  const placement = ['-D', cluster, '--username=postgres', `--pwfile=${passwordFile}`]
  // what an interrupted first start has left
  for (const path of [cluster, passwordFile]) await rm(path, { recursive: true, force: true })
  await mkdir(cluster, { mode: 0o700 })
  try {
    await writeFile(passwordFile, ownerPassword, { mode: 0o600, flag: 'wx' })
    if (account.other) for (const path of [cluster, passwordFile]) await chown(path, account.uid, account.gid)
    await runAs(
      account,
      binaries.initdb,
      [...placement, '--encoding=UTF8', '--locale=C.UTF-8', '--auth=scram-sha-256', '--data-checksums'],
      signal,
    )
  } catch (error) {
    await rm(cluster, { recursive: true, force: true })
    throw error
  } finally {
    await rm(passwordFile, { force: true })
  }
}
