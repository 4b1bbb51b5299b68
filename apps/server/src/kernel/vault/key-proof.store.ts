import type { Kysely } from 'kysely'
import type { DB } from '../database/index.ts'
import { createVault, type MasterKey } from './vault.ts'

const belongsTo = (version: number) => `master key ${version}`

/**
 * Compares the master keys with those the database was used with, and leaves a proof of new ones.
 *
 * @throws Error for the operator when a key of the same version is another one: nothing sealed before could be opened
 */
export const proveMasterKeys = async (db: Kysely<DB>, keys: readonly MasterKey[]): Promise<void> => {
  const known = await db.selectFrom('kernel.masterKeys').select(['version', 'proof']).execute()
  for (const key of keys) {
    const vault = createVault([key])
    const proof = known.find(({ version }) => version === key.version)?.proof
    if (proof === undefined) {
      await db
        .insertInto('kernel.masterKeys')
        .values({ version: key.version, proof: vault.seal(Buffer.from('proof'), belongsTo(key.version)) })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      continue
    }
    try {
      vault.open(proof, belongsTo(key.version))
    } catch (cause) {
      throw new Error(
        `Master key ${key.version} is not the one this database was used with, so its credentials could not be opened. ` +
          'Set OPSCONDUCTOR_MASTER_KEY to the former key (the file master.key of its data directory), or give the new one a new version, such as "2:<new>,1:<old>".',
        { cause },
      )
    }
  }
}
