import type { Kysely } from 'kysely'
import type { Context } from '../../../kernel/context.ts'
import { type DB, isRefused } from '../../../kernel/database/index.ts'
import { gathered } from '../../../kernel/gather.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { openSecret, type OpenedSecret, textsToHide } from './secrets.ts'
import { type NewUse, type SealedCredential, takeSealedSecrets } from './uses.store.ts'

/** A credential in clear, for as long as the call that asked for it. */
export type OpenedCredential = { opened: OpenedSecret; version: number; secrets: string[] }

/**
 * Opens a credential and writes down for what. Only who is about to use it calls this.
 *
 * @returns null when it is archived or never was
 * @throws Error when its envelope does not open
 */
export const openCredential = ({ vault }: { vault: Vault }) => {
  /** Many branches begin in one moment: what they need is taken out together. */
  const take = gathered<{ db: Kysely<DB>; use: NewUse & { credential: string } }, SealedCredential | undefined>({
    keyOf: ({ db }) => db,
    handle: async (asks) => {
      const taken = await takeSealedSecrets(
        asks[0].db,
        asks.map(({ use }) => use),
      )
      const byUuid = new Map(taken.map((credential) => [credential.uuid, credential]))
      return asks.map(({ use }) => byUuid.get(use.credential))
    },
    isOfOne: isRefused,
  })

  return async (ctx: Context, uuid: string, use: NewUse): Promise<OpenedCredential | null> => {
    const taken = await take({ db: ctx.db, use: { ...use, credential: uuid } })
    if (taken === undefined) return null
    const opened = openSecret(vault, uuid, taken.type, taken.sealedSecret)
    return { opened, version: taken.secretVersion, secrets: textsToHide(opened.secret) }
  }
}

export type OpenCredential = ReturnType<typeof openCredential>
