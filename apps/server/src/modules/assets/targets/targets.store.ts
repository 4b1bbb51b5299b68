import type { Target } from '@opsconductor/contract'
import { type Insertable, type Kysely, type Selectable, type UpdateObject, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import { type DB, jsonb } from '../../../kernel/database/index.ts'
import { type TargetMethod, methodsColumn } from './methods.store.ts'

export type TargetRow = Selectable<DB['assets.targets']> & {
  nameKey: string
  createdKey: string
  methods: TargetMethod[]
}

const select = (db: Kysely<DB>) =>
  db
    .selectFrom('assets.targets as targets')
    .selectAll('targets')
    .select([
      sql<string>`lower(targets.name)`.as('nameKey'),
      // to the microsecond, which a Date does not hold
      sql<string>`to_char(targets.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('createdKey'),
      methodsColumn.as('methods'),
    ])

export const findTargetById = (db: Kysely<DB>, id: number): Promise<TargetRow> =>
  select(db).where('targets.id', '=', id).executeTakeFirstOrThrow()

/** With `lock` the row is ours until the transaction ends; read what hangs on it afterwards. */
export const findTargetUuid = async (db: Kysely<DB>, serial: string): Promise<string | undefined> =>
  (await db.selectFrom('assets.targets').select('uuid').where('serial', '=', serial).executeTakeFirst())?.uuid

export const findTargetId = async (db: Kysely<DB>, ref: { uuid: string } | { serial: string }, lock = false) => {
  const query = db.selectFrom('assets.targets').select('id')
  const found = 'uuid' in ref ? query.where('uuid', '=', ref.uuid) : query.where('serial', '=', ref.serial)
  return (await (lock ? found.forUpdate() : found).executeTakeFirst())?.id
}

export type TargetSort = 'name' | '-name' | 'createdAt' | '-createdAt'

export type TargetFilter = {
  q?: string | undefined
  tag?: string | undefined
  archived: boolean
  targetType?: string | undefined
  osType?: string | undefined
  environment?: string | undefined
  status?: string | undefined
  health?: string | undefined
}

/** What a cursor carries, for each order. */
export const sortKey = (row: TargetRow, sort: TargetSort): string =>
  sort === 'name' || sort === '-name' ? row.nameKey : row.createdKey

export const selectTargets = (
  db: Kysely<DB>,
  { q, tag, archived, ...fields }: TargetFilter,
  sort: TargetSort,
  after: Place | null,
  limit: number,
): Promise<TargetRow[]> => {
  const byName = sort === 'name' || sort === '-name'
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  let query = select(db)
    .where('targets.archivedAt', archived ? 'is not' : 'is', null)
    .orderBy(byName ? sql`lower(targets.name)` : 'targets.createdAt', direction)
    .orderBy('targets.id', direction)
    .limit(limit)
  if (after !== null) {
    const place = byName ? sql`(lower(targets.name), targets.id)` : sql`(targets.created_at, targets.id)`
    const key = byName ? sql`${after.key}::text` : sql`${after.key}::timestamptz`
    query = query.where(sql<boolean>`${place} ${direction === 'asc' ? sql`>` : sql`<`} (${key}, ${after.id}::bigint)`)
  }
  if (tag !== undefined) query = query.where(sql<boolean>`targets.tags @> array[${tag}]::text[]`)
  for (const field of ['targetType', 'osType', 'environment', 'status', 'health'] as const) {
    const value = fields[field]
    if (value !== undefined) query = query.where(`targets.${field}`, '=', value)
  }
  for (const word of q?.split(/\s+/).filter(Boolean) ?? []) query = query.where(holds(word))
  return query.execute()
}

/** Name, serial, description, tags and hosts are looked through. */
const holds = (word: string) => {
  const like = containing(word)
  return sql<boolean>`(targets.name ilike ${like} or targets.serial ilike ${like} or targets.description ilike ${like}
    or exists (select from unnest(targets.tags) tag where tag ilike ${like})
    or exists (select from assets.methods m
      where m.target_id = targets.id and m.removed_at is null and m.config ->> 'host' ilike ${like}))`
}

/** The commonest first. It reads the tags of every target in use, so ask it for what a person looks at. */
export const selectTags = async (db: Kysely<DB>, q: string | undefined, limit: number) => {
  const { rows } = await sql<{ tag: string; targets: number }>`
    select tag, count(distinct targets.id) as targets from assets.targets, unnest(tags) as tag
    where archived_at is null and tag ilike ${containing(q ?? '')}
    group by tag order by count(distinct targets.id) desc, lower(tag), tag collate "C" limit ${limit}`.execute(db)
  return rows
}

/** The serial is drawn in the same statement: the counter stays locked until the transaction ends. */
export const insertTarget = async (
  db: Kysely<DB>,
  { attributes, ...row }: Omit<Insertable<DB['assets.targets']>, 'serial' | 'attributes'> & { attributes: object },
): Promise<number> => {
  const { id } = await db
    .insertInto('assets.targets')
    .values({ ...row, attributes: jsonb(attributes), serial: sql<string>`kernel.next_serial('TGT')` })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export const updateTarget = async (
  db: Kysely<DB>,
  id: number,
  { attributes, ...change }: Omit<UpdateObject<DB, 'assets.targets'>, 'attributes'> & { attributes?: object },
) => {
  await db
    .updateTable('assets.targets')
    .set({
      ...change,
      ...(attributes === undefined ? {} : { attributes: jsonb(attributes) }),
      revision: sql`revision + 1`,
      updatedAt: sql`now()`,
    })
    .where('id', '=', id)
    .execute()
}

export const archiveTarget = (db: Kysely<DB>, id: number) => updateTarget(db, id, { archivedAt: sql<Date>`now()` })

/** Names of archived credentials that a target's methods still ask for. */
export const selectArchivedCredentials = async (db: Kysely<DB>, targetId: number): Promise<string[]> => {
  const rows = await db
    .selectFrom('assets.credentials as credentials')
    .innerJoin('assets.methodCredentials as used', 'used.credentialId', 'credentials.id')
    .innerJoin('assets.methods as methods', 'methods.id', 'used.methodId')
    .where('methods.targetId', '=', targetId)
    .where('credentials.archivedAt', 'is not', null)
    .select('credentials.name')
    .distinct()
    .execute()
  return rows.map(({ name }) => name)
}

export const countTargets = async (db: Kysely<DB>): Promise<Map<string, number>> => {
  const rows = await db
    .selectFrom('assets.targets')
    .select(['health', sql<number>`count(*)`.as('count')])
    .where('archivedAt', 'is', null)
    .groupBy('health')
    .execute()
  return new Map(rows.map(({ health, count }) => [health, count]))
}

export const toTarget = (row: TargetRow): Target => ({
  uuid: row.uuid,
  serial: row.serial,
  name: row.name,
  description: row.description,
  targetType: row.targetType as Target['targetType'],
  osType: row.osType as Target['osType'],
  osVersion: row.osVersion,
  environment: row.environment,
  location: row.location,
  dataCentre: row.dataCentre,
  region: row.region,
  zone: row.zone,
  tags: row.tags,
  attributes: row.attributes as Target['attributes'],
  status: row.status as Target['status'],
  health: row.health as Target['health'],
  methods: row.methods.map(({ credentials, jumpHosts: _jumpHosts, ...method }) => ({
    ...method,
    credentials: credentials.map(({ uuid, name, isPrimary }) => ({ uuid, name, isPrimary })),
  })),
  jumpHosts: [...new Map(row.methods.flatMap(({ jumpHosts }) => jumpHosts.map((host) => [host.uuid, host]))).values()],
  lastTestedAt: row.lastTestedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  archivedAt: row.archivedAt?.toISOString() ?? null,
  revision: row.revision,
})
