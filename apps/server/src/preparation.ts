import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { App } from './app.ts'
import { migrationsFolder } from './app.ts'
import type { Config } from './config.ts'
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres, untilLastOne } from './kernel/database/index.ts'
import { installQueue } from './kernel/queue/boss.ts'
import { ensureMasterKeyFile } from './kernel/vault/master-key.ts'
import type { MasterKey } from './kernel/vault/vault.ts'

/** A database that is migrated and ready, and the keys to what is sealed in it. */
export type Ground = { databaseUrl: string; masterKeys: readonly MasterKey[]; stop: () => Promise<void> }

/** Whoever stops the embedded PostgreSQL waits so long for processes that stop too: an executor takes 5 s at most. */
const othersMs = 7_000

/** Starts the embedded PostgreSQL, or takes the external one, and brings it to this version's state as its owner. The signal gives up. */
export const prepareDatabase = async (config: Config, log: Logger, signal: AbortSignal): Promise<Ground> => {
  const embedded =
    config.DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir: config.DATA_DIR, log, signal }) : null
  try {
    const { url, ownerUrl } = urlsOf(config, embedded)
    await migrate({ ownerUrl, url, folder: migrationsFolder, log, signal })
    await installQueue(ownerUrl)
    const masterKeys = config.MASTER_KEY ?? (await ensureMasterKeyFile(config.DATA_DIR))
    const stop = async () => {
      if (embedded?.adopted() === false) await untilLastOne(ownerUrl, othersMs)
      await embedded?.stop()
    }
    return { databaseUrl: url, masterKeys, stop }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

const urlsOf = (config: Config, embedded: EmbeddedPostgres | null) => {
  if (embedded !== null) return { url: embedded.url(), ownerUrl: embedded.ownerUrl() }
  const url = config.DATABASE_URL ?? ''
  return { url, ownerUrl: config.DATABASE_OWNER_URL ?? url }
}

/** What must be there before anything runs. */
export const prepareContents = async (app: App): Promise<void> => {
  const ctx = app.contextOf('start')
  await app.automation.makePartitions(ctx)
  await app.identity.ensureBuiltInRoles(ctx)
}

/** @returns the password of a new administrator, when it was made up here: whoever calls shows it at once */
export const ensureAdministrator = async (app: App, config: Config): Promise<string | null> => {
  const generated = config.ADMIN_PASSWORD === undefined
  const password = config.ADMIN_PASSWORD ?? makeUpPassword()
  const isNew = await app.identity.ensureFirstAdministrator(app.contextOf('start'), password, generated)
  return isNew && generated ? password : null
}

/** For whoever has lost it. @returns the new password, which must be changed at the next log-in */
export const resetPassword = async (app: App, username: string): Promise<string> => {
  const password = makeUpPassword()
  await app.identity.resetPassword(app.contextOf('reset-password'), username, password)
  return password
}

const makeUpPassword = () => randomBytes(15).toString('base64url')
