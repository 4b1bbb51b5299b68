import { type Kysely, type RawBuilder, sql } from 'kysely'
import { containing, type Place } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { asSerial, isUuid } from '../../../kernel/identifiers.ts'

export type ExecutionFilter = {
  q?: string | undefined
  /** UUID or serial. */
  job?: string | undefined
  targetUuid?: string | undefined
  status?: string | undefined
  needsAttention?: boolean | undefined
  /** RFC 3339; this moment belongs to the range. */
  queuedAfter?: string | undefined
  /** RFC 3339; this moment does not. */
  queuedBefore?: string | undefined
}

/**
 * Ids of a page, the newest first. Whatever is asked for, the rows come from an index in this order and the reading stops
 * when the page is full: it takes the same time among a thousand executions and among ten million.
 */
export const selectExecutionIds = async (
  db: Kysely<DB>,
  filter: ExecutionFilter,
  after: Place | null,
  limit: number,
): Promise<number[]> => {
  const conditions = conditionsOf(filter, after)
  const { q, targetUuid } = filter
  if (q) return idsWithWords(db, q, targetUuid, conditions, limit)
  return idsFrom(
    db,
    sql`
    select e.id from ${source(targetUuid)} where ${and(conditions)} order by ${newest(targetUuid)} limit ${limit}`,
  )
}

/** All executions as `e`, or those that have touched a target, in order of the index that knows them. */
const source = (targetUuid: string | undefined) =>
  targetUuid === undefined
    ? sql`automation.executions e`
    : sql`(select distinct execution_id from automation.branches where target_uuid = ${targetUuid}
          order by execution_id desc) touched
        join automation.executions e on e.id = touched.execution_id`

const newest = (targetUuid: string | undefined) =>
  targetUuid === undefined ? sql`e.id desc` : sql`touched.execution_id desc`

/** Longer than any transaction that starts an execution: by so much may the order of ids and of times differ. */
const longestStartMs = 3_600_000

const conditionsOf = (filter: ExecutionFilter, after: Place | null): RawBuilder<unknown>[] => {
  const { job, status, needsAttention, queuedAfter, queuedBefore } = filter
  const found = []
  if (after !== null) found.push(sql`e.id < ${after.id}`)
  if (status !== undefined) found.push(sql`e.status = ${status}`)
  // written out: the index over those that need it knows no parameters
  if (needsAttention !== undefined) found.push(needsAttention ? sql`e.needs_attention` : sql`not e.needs_attention`)
  if (job !== undefined) {
    const named = isUuid(job) ? sql`uuid = ${job}` : sql`serial = ${asSerial(job)}`
    found.push(sql`e.job_id = (select id from automation.jobs where ${named})`)
  }
  if (queuedAfter !== undefined) {
    const at = Date.parse(queuedAfter)
    found.push(sql`e.queued_at >= ${new Date(at)} and e.id >= ${queuedNear('after', at - longestStartMs)}`)
  }
  if (queuedBefore !== undefined) {
    const at = Date.parse(queuedBefore)
    found.push(sql`e.queued_at < ${new Date(at)} and e.id <= ${queuedNear('before', at + longestStartMs)}`)
  }
  return found
}

const and = (conditions: readonly RawBuilder<unknown>[]) =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)

/**
 * The id at the edge of a range of time. Lists go by id; without this bound the way to a page of last year would lead
 * over everything that has run since.
 */
const queuedNear = (side: 'after' | 'before', atMs: number) =>
  side === 'after'
    ? sql`(select id from automation.executions where queued_at >= ${new Date(atMs)} order by queued_at, id limit 1)`
    : sql`(select id from automation.executions where queued_at < ${new Date(atMs)}
        order by queued_at desc, id desc limit 1)`

/** Among so many of the newest, words are looked for in each. */
const lookedThrough = 2_000

/**
 * Those whose job or whose starter has the words in its name. Words that are everywhere fill a page from the newest ones;
 * words that are rare are those of few jobs and people, whose own newest ones are found by index.
 */
const idsWithWords = async (
  db: Kysely<DB>,
  q: string,
  targetUuid: string | undefined,
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
): Promise<number[]> => {
  const { jobIds, people } = await whoHas(db, containing(q))
  if (jobIds.length === 0 && people.length === 0) return []
  const hasWords = sql`(e.job_id = any(${jobIds}::bigint[]) or e.requested_by = any(${people}::text[]))`
  // what has touched one target is few enough to look at each
  if (targetUuid !== undefined)
    return idsFrom(
      db,
      sql`
      select e.id from ${source(targetUuid)} where ${and([...conditions, hasWords])}
      order by ${newest(targetUuid)} limit ${limit}`,
    )

  const some = await idsFrom(
    db,
    sql`
    select e.id
    from (select e.id, e.job_id, e.requested_by from automation.executions e where ${and(conditions)}
      order by e.id desc limit ${lookedThrough}) e
    where ${hasWords} order by e.id desc limit ${limit}`,
  )
  if (some.length === limit) return some
  const newestOf = (one: RawBuilder<unknown>) => sql`
    (select e.id from automation.executions e where ${and([...conditions, one])} order by e.id desc limit ${limit})`
  return idsFrom(
    db,
    sql`
    select found.id from unnest(${jobIds}::bigint[]) job (id)
      cross join lateral ${newestOf(sql`e.job_id = job.id`)} found
    union
    select found.id from unnest(${people}::text[]) person (name)
      cross join lateral ${newestOf(sql`e.requested_by = person.name`)} found
    order by id desc limit ${limit}`,
  )
}

/** The jobs and the people whose names contain something; people are found by leaping from name to name in their index. */
const whoHas = async (db: Kysely<DB>, words: string): Promise<{ jobIds: number[]; people: string[] }> => {
  const { rows } = await sql<{ jobIds: number[]; people: string[] }>`
    with recursive person (name) as (
      (select requested_by from automation.executions order by requested_by limit 1)
      union all
      select (select requested_by from automation.executions where requested_by > person.name
        order by requested_by limit 1) from person where person.name is not null
    )
    select
      array(select id from automation.jobs where name ilike ${words} or serial ilike ${words}) as "jobIds",
      array(select name from person where name ilike ${words}) as "people"`.execute(db)
  const [found] = rows
  return { jobIds: (found?.jobIds ?? []).map(Number), people: found?.people ?? [] }
}

const idsFrom = async (db: Kysely<DB>, statement: RawBuilder<unknown>): Promise<number[]> =>
  (await sql<{ id: number }>`${statement}`.execute(db)).rows.map(({ id }) => id)
