import { type Kysely, sql } from 'kysely'
import { type DB, jsonb } from '../../../kernel/database/index.ts'

export const findIdempotent = (db: Kysely<DB>, actorUuid: string, key: string) =>
  db
    .selectFrom('kernel.idempotencyKeys')
    .select(['requestHash', 'answer'])
    .where('actorUuid', '=', actorUuid)
    .where('key', '=', key)
    .where('createdAt', '>', sql<Date>`now() - interval '24 hours'`)
    .executeTakeFirst()

/** Keys hold for 24 hours. */
export const forgetIdempotent = async (db: Kysely<DB>) => {
  await db
    .deleteFrom('kernel.idempotencyKeys')
    .where('createdAt', '<', sql<Date>`now() - interval '24 hours'`)
    .execute()
}

/** @returns false when somebody used the key first */
export const insertIdempotent = async (
  db: Kysely<DB>,
  actorUuid: string,
  key: string,
  requestHash: string,
  answer: { uuid: string },
) => {
  const inserted = await db
    .insertInto('kernel.idempotencyKeys')
    .values({ actorUuid, key, requestHash, answer: jsonb(answer) })
    .onConflict((conflict) =>
      conflict
        .columns(['actorUuid', 'key'])
        .doUpdateSet({ requestHash, answer: jsonb(answer), createdAt: sql`now()` })
        .where('kernel.idempotencyKeys.createdAt', '<=', sql<Date>`now() - interval '24 hours'`),
    )
    .returning('key')
    .executeTakeFirst()
  return inserted !== undefined
}
