import type { Kysely } from 'kysely'
import { type DB, jsonb } from '../database/index.ts'

export type NewFact = { uuid: string; name: string; subjectUuid: string | null; payload: Record<string, unknown> }

/** The fact, and a row of its own for each consumer. */
export const insertFact = async (db: Kysely<DB>, { payload, ...fact }: NewFact, consumers: readonly string[]) => {
  const { id } = await db
    .insertInto('kernel.facts')
    .values({ ...fact, payload: jsonb(payload) })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (consumers.length === 0) return
  await db
    .insertInto('kernel.factDeliveries')
    .values(consumers.map((consumer) => ({ factId: id, consumer })))
    .execute()
}
