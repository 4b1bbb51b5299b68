import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import { methodsColumn } from './methods.store.ts'

/** The ids of targets in use by the names asked for, however those are written. */
export const findIdsByName = async (db: Kysely<DB>, names: readonly string[]): Promise<Map<string, number>> => {
  if (names.length === 0) return new Map()
  const { rows } = await sql<{ name: string; id: number }>`
    select asked.name, t.id from unnest(${names}::text[]) as asked(name)
    join assets.targets t on lower(t.name) = lower(asked.name) and t.archived_at is null`.execute(db)
  return new Map(rows.map(({ name, id }) => [name, id]))
}

type Refs = { uuids: readonly string[]; serials: readonly string[]; ids: readonly number[] }

export const selectRunTargets = (db: Kysely<DB>, { uuids, serials, ids }: Refs) =>
  db
    .selectFrom('assets.targets as targets')
    .select(['id', 'uuid', 'serial', 'name', 'zone', 'status', 'environment', 'osType', 'tags', 'attributes'])
    .select(methodsColumn.as('methods'))
    .where('archivedAt', 'is', null)
    .where(
      sql<boolean>`(uuid = any(${uuids}::uuid[]) or serial = any(${serials}::text[]) or id = any(${ids}::bigint[]))`,
    )
    .execute()

export type RunTargetRow = Awaited<ReturnType<typeof selectRunTargets>>[number]
