import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { isMissing } from './missing.ts'

/** What must be known to connect, kept in the data directory with mode 0600. */
export type Settings = {
  readonly port: number
  /** Of the superuser `postgres`, who owns the tables. */
  readonly ownerPassword: string
  /** Of `opsconductor`, whom the application logs in as. */
  readonly applicationPassword: string
}

/** Whom the application logs in as. The migrator lets it into the application's role. */
export const applicationLogin = 'opsconductor'

export const defaultDatabase = 'opsconductor'

export const ownerUrl = ({ port, ownerPassword }: Settings, database = defaultDatabase): string =>
  `postgresql://postgres:${ownerPassword}@127.0.0.1:${port}/${encodeURIComponent(database)}`

export const applicationUrl = ({ port, applicationPassword }: Settings, database = defaultDatabase): string =>
  `postgresql://${applicationLogin}:${applicationPassword}@127.0.0.1:${port}/${encodeURIComponent(database)}`

export const readSettings = async (file: string): Promise<Settings | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Settings
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new Error(`Cannot read ${file}, which holds the port and passwords of the embedded database.`, {
      cause: error,
    })
  }
}

export const writeSettings = async (file: string, settings: Settings): Promise<void> => {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(draft, file)
}

export const newSettings = async (): Promise<Settings> => ({
  port: await freePort(),
  ownerPassword: randomBytes(24).toString('base64url'),
  applicationPassword: randomBytes(24).toString('base64url'),
})

/** A port nobody listens on now. It stays the cluster's port from then on. */
export const freePort = (): Promise<number> => portOrError(0)

export const isPortFree = async (port: number): Promise<boolean> => {
  try {
    await portOrError(port)
    return true
  } catch {
    return false
  }
}

const portOrError = (port: number) =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
