import type { Job, JobDocument } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import { type DB, jsonb } from '../../../kernel/database/index.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'

const select = (db: Kysely<DB>) =>
  db
    .selectFrom('automation.jobs as jobs')
    .innerJoin('automation.jobVersions as version', (join) =>
      join.onRef('version.jobId', '=', 'jobs.id').onRef('version.version', '=', 'jobs.currentVersion'),
    )
    .leftJoinLateral(
      (query) =>
        query
          .selectFrom('automation.executions as last')
          .whereRef('last.jobId', '=', 'jobs.id')
          .orderBy('last.number', 'desc')
          .limit(1)
          .select([
            'last.uuid as lastUuid',
            'last.number as lastNumber',
            'last.status as lastStatus',
            'last.finishedAt as lastFinishedAt',
          ])
          .as('latest'),
      (join) => join.onTrue(),
    )
    .selectAll('jobs')
    .select([
      'version.id as versionId',
      'version.document',
      'latest.lastUuid',
      'latest.lastNumber',
      'latest.lastStatus',
      'latest.lastFinishedAt',
    ])

export type JobRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

export const findJob = (db: Kysely<DB>, ref: string): Promise<JobRow | undefined> =>
  select(db)
    .where(isUuid(ref) ? 'jobs.uuid' : 'jobs.serial', '=', isUuid(ref) ? ref : asSerial(ref))
    .executeTakeFirst()

/** Holds the job's row until the end of the transaction: versions and executions are numbered one after the other. */
export const lockJob = async (db: Kysely<DB>, id: number) => {
  await db.selectFrom('automation.jobs').select('id').where('id', '=', id).forUpdate().execute()
}

export type JobFilter = {
  q?: string | undefined
  folder?: string | undefined
  tag?: string | undefined
  archived?: boolean | undefined
  sort: string
}

export const selectJobs = (
  db: Kysely<DB>,
  filter: JobFilter,
  after: Place | null,
  limit: number,
): Promise<JobRow[]> => {
  const direction = filter.sort.startsWith('-') ? 'desc' : 'asc'
  const beyond = direction === 'desc' ? sql`<` : sql`>`
  let query = select(db)
    .where('jobs.archivedAt', filter.archived ? 'is not' : 'is', null)
    .limit(limit)
  if (filter.sort.endsWith('name')) {
    query = query.orderBy(sql`lower(jobs.name)`, direction).orderBy('jobs.id', direction)
    if (after !== null)
      query = query.where(sql<boolean>`(lower(jobs.name), jobs.id) ${beyond} (${after.key}, ${after.id}::bigint)`)
  } else {
    // ids are drawn in the order of creation, and are exact where times are not
    query = query.orderBy('jobs.id', direction)
    if (after !== null) query = query.where(sql<boolean>`jobs.id ${beyond} ${after.id}`)
  }
  if (filter.folder !== undefined) query = query.where('jobs.folder', '=', filter.folder)
  if (filter.tag !== undefined) query = query.where(sql<boolean>`${filter.tag} = any (jobs.tags)`)
  if (filter.q) {
    const words = containing(filter.q)
    query = query.where((where) =>
      where.or([
        where('jobs.name', 'ilike', words),
        where('jobs.serial', 'ilike', words),
        where('jobs.description', 'ilike', words),
      ]),
    )
  }
  return query.execute()
}

export const placeOfJob = (row: JobRow): Place => ({ key: row.name.toLowerCase(), id: row.id })

const describing = (document: JobDocument) => ({
  name: document.name,
  description: document.description ?? '',
  folder: document.folder ?? '',
  tags: document.tags ?? [],
})

export const insertJob = async (db: Kysely<DB>, job: { uuid: string; createdBy: string; document: JobDocument }) =>
  db
    .insertInto('automation.jobs')
    .values({
      uuid: job.uuid,
      serial: sql<string>`kernel.next_serial('JOB')`,
      createdBy: job.createdBy,
      currentVersion: 1,
      ...describing(job.document),
    })
    .returning(['id', 'serial'])
    .executeTakeFirstOrThrow()

type NewVersion = {
  uuid: string
  jobId: number
  version: number
  document: JobDocument
  checksum: string
  createdBy: string
}

export const insertVersion = async (db: Kysely<DB>, { document, ...version }: NewVersion) => {
  await db
    .insertInto('automation.jobVersions')
    .values({ ...version, document: jsonb(document) })
    .execute()
}

export const updateJobToVersion = async (db: Kysely<DB>, id: number, version: number, document: JobDocument) => {
  await db
    .updateTable('automation.jobs')
    .set({ ...describing(document), currentVersion: version, revision: sql`revision + 1`, updatedAt: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export const setJob = async (db: Kysely<DB>, id: number, change: { isEnabled?: boolean; archivedAt?: Date | null }) => {
  await db
    .updateTable('automation.jobs')
    .set({ ...change, revision: sql`revision + 1`, updatedAt: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export const selectVersions = (db: Kysely<DB>, jobId: number, after: Place | null, limit: number) => {
  const query = db
    .selectFrom('automation.jobVersions')
    .selectAll()
    .where('jobId', '=', jobId)
    .orderBy('version', 'desc')
    .limit(limit)
  return (after === null ? query : query.where('version', '<', after.id)).execute()
}

export const findVersion = (db: Kysely<DB>, jobId: number, version: number) =>
  db
    .selectFrom('automation.jobVersions')
    .selectAll()
    .where('jobId', '=', jobId)
    .where('version', '=', version)
    .executeTakeFirst()

export const findVersionById = (db: Kysely<DB>, id: number) =>
  db.selectFrom('automation.jobVersions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

export const countJobs = async (db: Kysely<DB>): Promise<number> =>
  (
    await db
      .selectFrom('automation.jobs')
      .select(sql<number>`count(*)`.as('count'))
      .where('archivedAt', 'is', null)
      .executeTakeFirstOrThrow()
  ).count

const stateOf = (row: JobRow): Job['state'] => {
  if (row.archivedAt !== null) return 'archived'
  switch (row.lastStatus) {
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'scheduled':
      return row.lastStatus
    case null:
      return 'draft'
    default:
      return 'running'
  }
}

export const documentOf = (row: { document: unknown; version?: number; currentVersion?: number }): JobDocument => ({
  ...(row.document as JobDocument),
  version: row.version ?? row.currentVersion ?? 1,
})

export const toJob = (row: JobRow): Job => ({
  uuid: row.uuid,
  serial: row.serial,
  name: row.name,
  description: row.description,
  folder: row.folder,
  tags: row.tags,
  isEnabled: row.isEnabled,
  version: row.currentVersion,
  state: stateOf(row),
  stepCount: (row.document as unknown as JobDocument).steps.length,
  lastExecution:
    row.lastUuid === null || row.lastNumber === null || row.lastStatus === null
      ? null
      : {
          uuid: row.lastUuid,
          number: row.lastNumber,
          status: row.lastStatus as NonNullable<Job['lastExecution']>['status'],
          finishedAt: row.lastFinishedAt?.toISOString() ?? null,
        },
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  archivedAt: row.archivedAt?.toISOString() ?? null,
  revision: row.revision,
})
