import type { Context } from '../../../kernel/context.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { openSecret, type OpenedSecret, textsToHide } from './secrets.ts'
import { type NewUse, takeSealedSecret } from './uses.store.ts'

/** A credential in clear, for as long as the call that asked for it. */
export type OpenedCredential = { opened: OpenedSecret; version: number; secrets: string[] }

/**
 * Opens a credential and writes down for what. Only who is about to use it calls this.
 *
 * @returns null when it is archived or never was
 * @throws Error when its envelope does not open
 */
export const openCredential =
  ({ vault }: { vault: Vault }) =>
  async (ctx: Context, uuid: string, use: NewUse): Promise<OpenedCredential | null> => {
    const taken = await takeSealedSecret(ctx.db, uuid, use)
    if (taken === undefined) return null
    const opened = openSecret(vault, uuid, taken.type, taken.sealedSecret)
    return { opened, version: taken.secretVersion, secrets: textsToHide(opened.secret) }
  }

export type OpenCredential = ReturnType<typeof openCredential>
