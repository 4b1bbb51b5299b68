import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** What was typed as the user name, and where from. */
export type Attempt = { name: string; network: string }

export type LockRule = {
  /** Failures of a name from one network, and from all of them together. */
  perNetwork: number
  inTotal: number
  /** A lock ends, and failures are forgotten, so long after the latest of them. */
  minutes: number
  /** Where somebody logged in within so many days, the total does not count for them. */
  knownForDays: number
}

/** @param userId whose name it is; null when it is nobody's, which takes the same statement and as long */
export const findLock = async (
  db: Kysely<DB>,
  { name, network }: Attempt,
  userId: number | null,
  rule: LockRule,
): Promise<Date | null> => {
  const { rows } = await sql<{ until: Date | null }>`
    with recent as (
      select network, failures, latest_at from identity.login_failures
      where name = ${name} and latest_at > now() - make_interval(mins => ${rule.minutes})
    )
    select make_interval(mins => ${rule.minutes}) + greatest(
      (select latest_at from recent where network = ${network} and failures >= ${rule.perNetwork}),
      (select max(latest_at) from recent having sum(failures) >= ${rule.inTotal} and not exists (
        select from identity.login_networks where user_id = ${userId}::bigint and network = ${network}
          and latest_at > now() - make_interval(days => ${rule.knownForDays})))
    ) as until`.execute(db)
  return rows[0]?.until ?? null
}

/** Counted in the database, so that guesses at the same moment all count. @returns how many; null when locked meanwhile */
export const countFailure = async (
  db: Kysely<DB>,
  { name, network }: Attempt,
  { perNetwork, minutes }: LockRule,
): Promise<number | null> => {
  const isOver = sql<boolean>`known.latest_at <= now() - make_interval(mins => ${minutes})`
  const { rows } = await sql<{ failures: number }>`
    insert into identity.login_failures as known (name, network, failures, latest_at)
    values (${name}, ${network}, 1, now())
    on conflict (name, network) do update
      set failures = case when ${isOver} then 1 else known.failures + 1 end, latest_at = now()
      where ${isOver} or known.failures < ${perNetwork}
    returning failures`.execute(db)
  return rows[0]?.failures ?? null
}

/** Removes what counts no more, some at a time: whoever fails sweeps, so that nothing piles up. */
export const sweepFailures = async (db: Kysely<DB>, { minutes }: LockRule) => {
  await sql`delete from identity.login_failures where (name, network) in (
    select name, network from identity.login_failures
    where latest_at <= now() - make_interval(mins => ${minutes}) limit 100 for update skip locked)`.execute(db)
}

export const forgetFailures = async (db: Kysely<DB>, { name, network }: Attempt) => {
  await db.deleteFrom('identity.loginFailures').where('name', '=', name).where('network', '=', network).execute()
}

export const noteNetwork = async (db: Kysely<DB>, userId: number, network: string) => {
  await sql`insert into identity.login_networks (user_id, network, latest_at) values (${userId}, ${network}, now())
    on conflict (user_id, network) do update set latest_at = now()`.execute(db)
}
