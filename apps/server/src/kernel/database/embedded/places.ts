import { join } from 'node:path'

/** Where root keeps what another account must be able to reach. */
export const sharedHome = '/var/lib/opsconductor'

/** Files of the embedded PostgreSQL inside the data directory. */
export const places = (dataDir: string) => ({
  /** The cluster, or a symbolic link to it. */
  cluster: join(dataDir, 'postgres'),
  /** Port and passwords, mode 0600. */
  settings: join(dataDir, 'postgres.json'),
  /** What PostgreSQL says before its own log is open; the rest is in `postgres/log`. */
  startLog: join(dataDir, 'postgres-start.log'),
  /** The lock's files are `postgres.lock.<number>`. */
  lock: join(dataDir, 'postgres.lock'),
})

export type Places = ReturnType<typeof places>
