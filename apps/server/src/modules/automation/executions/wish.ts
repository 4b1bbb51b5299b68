import { createHash } from 'node:crypto'
import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { findIdempotent, insertIdempotent } from './idempotency-keys.store.ts'

/** What somebody wants to be begun, under the key by which they know it again; null where they gave none. */
export type Wish = { key: string | null; request: unknown }

const hashOf = ({ request }: Wish) => createHash('sha256').update(JSON.stringify(request)).digest('hex')

/** UUID of the execution that the same wish led to before. @throws Refusal `idempotency_mismatch` */
export const findLedTo = async (ctx: Context, wish: Wish): Promise<string | undefined> => {
  const { uuid } = ctx.actor
  if (wish.key === null || uuid === null) return undefined
  const before = await findIdempotent(ctx.db, uuid, wish.key)
  if (before === undefined) return undefined
  if (before.requestHash !== hashOf(wish)) {
    throw new Refusal(
      'idempotency_mismatch',
      'This Idempotency-Key was used for another request. Use a new key for a new request.',
    )
  }
  return (before.answer as { uuid: string }).uuid
}

/** Keeps what a wish led to, in the transaction that begins it. @throws Refusal `conflict` while another one does */
export const keepLedTo = async (ctx: Context, wish: Wish, executionUuid: string): Promise<void> => {
  const { uuid } = ctx.actor
  if (wish.key === null || uuid === null) return
  if (!(await insertIdempotent(ctx.db, uuid, wish.key, hashOf(wish), { uuid: executionUuid })))
    throw new Refusal('conflict', 'The same request is being carried out at this moment. Ask again.')
}
