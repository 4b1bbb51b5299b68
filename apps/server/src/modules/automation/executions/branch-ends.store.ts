import type { BranchStatus, CancelOutcome, Fault } from '@opsconductor/contract'
import { type Kysely, sql } from 'kysely'
import { type DB, wellFormedJson } from '../../../kernel/database/index.ts'
import type { LockedExecution } from './executions.store.ts'

/** Ends all branches of an execution that are in one of the states. @returns how many */
export const endBranches = async (
  db: Kysely<DB>,
  executionId: number,
  from: readonly BranchStatus[],
  change: Ended & { cancelOutcome?: CancelOutcome },
): Promise<number> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()`, leaseUntil: null })
    .where('executionId', '=', executionId)
    .where('status', 'in', [...from])
    .returning('id')
    .execute()
  return ended.length
}

type Ended = { status: 'cancelled' | 'skipped' | 'failed'; fault?: Fault; message: string; changeSeq: number }

/**
 * Ends the branches of which nothing runs: those that no executor has taken yet, or those between two steps. Where a lost
 * executor has begun a step, the next one that takes the branch stops it on its target.
 */
export const endIdle = async (db: Kysely<DB>, executionId: number, which: 'unbegun' | 'between', change: Ended) => {
  await db
    .updateTable('automation.branches as branch')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('branch.executionId', '=', executionId)
    .where('branch.status', 'in', ['scheduled', 'queued'])
    .where((where) =>
      which === 'unbegun'
        ? where('branch.startedAt', 'is', null)
        : where.and([
            where('branch.startedAt', 'is not', null),
            where.not(
              where.exists(
                where
                  .selectFrom('automation.stepResults as step')
                  .select('step.id')
                  .whereRef('step.branchId', '=', 'branch.id')
                  .where('step.status', 'in', ['running', 'unknown'])
                  // one that waits runs nowhere
                  .where('step.type', '<>', 'wait'),
              ),
            ),
          ]),
    )
    .execute()
}

/**
 * Ends a branch whose step is to be stopped, and that waits for an executor to do it.
 *
 * @returns false when one has taken it meanwhile
 */
export const endUnstopped = async (
  db: Kysely<DB>,
  id: number,
  change: Ended & { cancelOutcome: 'unconfirmed' },
): Promise<boolean> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .returning('id')
    .executeTakeFirst()
  return ended !== undefined
}

/** Ends the branches that no executor has taken yet, and in lock-step those that wait for the others. @returns how many */
export const endUnbegun = async (
  db: Kysely<DB>,
  executionId: number,
  change: { status: 'skipped'; message: string; changeSeq: number },
): Promise<number> => {
  const ended = await db
    .updateTable('automation.branches')
    .set({ ...change, finishedAt: sql`clock_timestamp()` })
    .where('executionId', '=', executionId)
    .where((where) =>
      where.or([
        where('status', '=', 'scheduled'),
        // one that waits in the queue for the second time has begun
        where.and([where('status', '=', 'queued'), where('startedAt', 'is', null)]),
      ]),
    )
    .returning('id')
    .execute()
  return ended.length
}

/** The worst of what was found on the targets after a cancel. */
export const worstCancelOutcome = async (db: Kysely<DB>, executionId: number): Promise<CancelOutcome | null> => {
  const rows = await db
    .selectFrom('automation.branches')
    .select('cancelOutcome')
    .distinct()
    .where('executionId', '=', executionId)
    .where('cancelOutcome', 'is not', null)
    .execute()
  const found = new Set(rows.map((row) => row.cancelOutcome))
  return (['still_running', 'unconfirmed', 'stopped'] as const).find((outcome) => found.has(outcome)) ?? null
}

/** After half a minute, then less and less often, down to once in a quarter of an hour. */
const askAgainAt = sql<Date>`clock_timestamp() + make_interval(secs => least(900, 15 * 2 ^ least(branch.attempt, 6)))`

export type BranchEnding = {
  branch: { id: number; attempt: number }
  status: 'completed' | 'failed' | 'cancelled' | 'lost'
  fault: string | null
  message: string | null
  cancelOutcome: string | null
  /** A lost one, whose target did not answer: it is asked again later. */
  isToBeAsked: boolean
}

/**
 * Ends branches of one execution, as far as these attempts still hold them. The execution's row is locked first, and
 * stays so.
 *
 * @returns the execution, and which of them have ended; undefined when somebody else has all of them
 */
export const endClaims = async (
  db: Kysely<DB>,
  executionId: number,
  endings: readonly BranchEnding[],
): Promise<{ execution: LockedExecution; hasEnded: (branch: BranchEnding['branch']) => boolean } | undefined> => {
  const asked = sql<{ id: number; attempt: number } & Omit<BranchEnding, 'branch'>>`jsonb_to_recordset(${wellFormedJson(
    endings.map(({ branch: { id, attempt }, ...rest }) => ({ id, attempt, ...rest })),
  )}::jsonb)`.as<'asked'>(
    sql`asked (id bigint, attempt integer, status text, fault text, message text, "cancelOutcome" text, "isToBeAsked" boolean)`,
  )
  const isAnyLost = endings.some(({ status }) => status === 'lost')
  const rows = await db
    .with('drawn', (query) =>
      query
        .updateTable('automation.executions')
        .set({ changeSeq: sql`change_seq + 1`, ...(isAnyLost ? { needsAttention: true } : {}) })
        .where('id', '=', executionId)
        .returningAll(),
    )
    .with('held', (query) =>
      query
        .selectFrom(['drawn', 'automation.branches as branch', asked])
        .select('branch.id')
        .where(sql<boolean>`branch.id = asked.id and branch.attempt = asked.attempt`)
        .where('branch.status', '=', 'running')
        .orderBy('branch.id')
        .forUpdate('branch'),
    )
    .with('ended', (query) =>
      query
        .updateTable('automation.branches as branch')
        .from(['drawn', 'held', asked])
        .set((change) => ({
          status: sql<string>`asked.status`,
          fault: sql<string | null>`asked.fault`,
          message: sql<string | null>`asked.message`,
          cancelOutcome: sql<string | null>`asked."cancelOutcome"`,
          changeSeq: change.ref('drawn.changeSeq'),
          leaseUntil: null,
          askAgainAt: sql<Date | null>`case when asked."isToBeAsked" then ${askAgainAt} end`,
          finishedAt: sql<Date | null>`case when asked.status <> 'lost' then clock_timestamp() end`,
        }))
        .where(sql<boolean>`branch.id = held.id and branch.id = asked.id and branch.attempt = asked.attempt`)
        .returning(['branch.id', 'branch.attempt']),
    )
    .selectFrom(['drawn', 'ended'])
    .selectAll('drawn')
    .select(['ended.id as branchId', 'ended.attempt as branchAttempt'])
    .execute()
  const [first] = rows
  if (first === undefined) return undefined
  const attempts = new Map(rows.map(({ branchId, branchAttempt }) => [branchId, branchAttempt]))
  return { execution: first, hasEnded: ({ id, attempt }) => attempts.get(id) === attempt }
}
