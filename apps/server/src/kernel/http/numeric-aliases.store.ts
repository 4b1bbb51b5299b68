import { type Kysely, sql } from 'kysely'
import type { DB } from '../database/index.ts'

/** Things that older clients know by number, and the tables they are in. */
export type AliasedTables = Readonly<Record<string, AliasedTable>>
export type AliasedTable =
  | 'identity.users'
  | 'assets.credentials'
  | 'assets.targets'
  | 'automation.jobs'
  | 'automation.executions'

export const findUuidByNumber = async (
  db: Kysely<DB>,
  table: AliasedTable,
  number: number,
): Promise<string | undefined> =>
  (
    await db
      .selectFrom(table)
      .select(sql<string>`uuid`.as('uuid'))
      .where(sql<boolean>`id = ${number}`)
      .executeTakeFirst()
  )?.uuid

export const selectNumbers = async (
  db: Kysely<DB>,
  table: AliasedTable,
  uuids: readonly string[],
): Promise<Map<string, number>> => {
  const rows = await db
    .selectFrom(table)
    .select([sql<string>`uuid`.as('uuid'), sql<number>`id`.as('id')])
    .where(sql<boolean>`uuid = any (${[...uuids]}::uuid[])`)
    .execute()
  return new Map(rows.map(({ uuid, id }) => [uuid, id]))
}
