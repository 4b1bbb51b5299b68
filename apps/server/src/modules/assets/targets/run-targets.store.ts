import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { methodsColumn } from './methods.store.ts'

const inUse = (db: Kysely<DB>) =>
  db
    .selectFrom('assets.targets as targets')
    .select(['id', 'uuid', 'serial', 'targets.name', 'zone', 'status', 'environment', 'osType', 'tags', 'attributes'])
    .select(methodsColumn.as('methods'))
    .where('archivedAt', 'is', null)

export type RunTargetRow = Awaited<ReturnType<ReturnType<typeof inUse>['executeTakeFirstOrThrow']>>

export const selectRunTargets = async (
  db: Kysely<DB>,
  { uuids, serials }: { uuids: readonly string[]; serials: readonly string[] },
): Promise<RunTargetRow[]> => {
  if (uuids.length === 0 && serials.length === 0) return []
  return inUse(db)
    .where(sql<boolean>`(uuid = any(${uuids}::uuid[]) or serial = any(${serials}::text[]))`)
    .execute()
}

/** By names, however those are written; `asked` is the name that was asked for. */
export const selectRunTargetsByName = async (db: Kysely<DB>, names: readonly string[]) => {
  if (names.length === 0) return []
  const asked = sql<{ name: string }>`unnest(${names}::text[])`.as<'asked'>(sql`asked (name)`)
  return inUse(db)
    .innerJoin(asked, (join) => join.on(sql<boolean>`lower(targets.name) = lower(asked.name)`))
    .select('asked.name as asked')
    .execute()
}
