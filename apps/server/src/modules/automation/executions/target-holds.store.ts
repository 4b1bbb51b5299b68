import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'
import type { LockedExecution } from './executions.store.ts'

/**
 * Takes the targets of the execution's next branches, as far as they are free, in the order of the branches.
 * Call it with the admission locked. @returns the branches that have theirs now
 */
export const takeTargets = async (
  db: Kysely<DB>,
  executionId: number,
  { batch, limit, stage }: { batch: number; limit: number; stage: number | null },
): Promise<number[]> => {
  const taken = await db
    .insertInto('automation.targetHolds')
    .columns(['targetUuid', 'branchId', 'executionId'])
    .expression((query) =>
      query
        .selectFrom('automation.branches as next')
        .select(['next.targetUuid', 'next.id', 'next.executionId'])
        .where('next.executionId', '=', executionId)
        .where('next.status', '=', 'scheduled')
        .where('next.batch', '=', batch)
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('automation.targetHolds as hold')
                .select('hold.branchId')
                .whereRef('hold.targetUuid', '=', 'next.targetUuid')
                // between two steps it has its target
                .whereRef('hold.branchId', '<>', 'next.id'),
            ),
          ),
        )
        .$if(stage !== null, (query) => query.where('next.nextStep', '<=', stage ?? 0))
        .orderBy('next.number')
        .limit(limit),
    )
    .onConflict((conflict) =>
      conflict
        .column('targetUuid')
        .doUpdateSet({ heldSince: sql`target_holds.held_since` })
        .where(sql<boolean>`target_holds.branch_id = excluded.branch_id`),
    )
    .returning('branchId')
    .execute()
  return taken.map(({ branchId }) => branchId)
}

/**
 * Frees the targets of branches that have ended, or were taken back from the queue. Those of lost branches stay held:
 * something may still run there. Call it with the admission locked. @returns the targets that are free now
 */
export const freeTargets = async (db: Kysely<DB>, executionId: number): Promise<string[]> => {
  const freed = await db
    .deleteFrom('automation.targetHolds as hold')
    .using('automation.branches as branch')
    .where('hold.executionId', '=', executionId)
    .whereRef('branch.id', '=', 'hold.branchId')
    .where('branch.status', 'not in', ['queued', 'running', 'lost'])
    // in lock-step it waits for the others, with its target
    .where((where) =>
      where.not(where.and([where('branch.status', '=', 'scheduled'), where('branch.startedAt', 'is not', null)])),
    )
    .returning('hold.targetUuid')
    .execute()
  return freed.map(({ targetUuid }) => targetUuid)
}

/**
 * Executions with a branch that waits for a target which nobody holds, first come first, locked. Those that somebody
 * else has locked are passed over; they come with the next look.
 *
 * @param freed looks only at these targets
 */
export const lockWaitingForTargets = (db: Kysely<DB>, freed?: readonly string[]): Promise<LockedExecution[]> =>
  db
    .selectFrom('automation.executions as execution')
    .selectAll('execution')
    .where('execution.status', '=', 'running')
    .where(sql<boolean>`execution.strategy ->> 'exclusive' = 'target'`)
    .where((where) => {
      let branch = where
        .selectFrom('automation.branches as branch')
        .leftJoin('automation.targetHolds as hold', 'hold.targetUuid', 'branch.targetUuid')
        .select('branch.id')
        .whereRef('branch.executionId', '=', 'execution.id')
        .where('branch.status', '=', 'scheduled')
        .where('hold.branchId', 'is', null)
      if (freed !== undefined) branch = branch.where('branch.targetUuid', 'in', [...freed])
      return where.exists(branch)
    })
    .orderBy('execution.priority', 'desc')
    .orderBy('execution.id')
    .forUpdate('execution')
    .skipLocked()
    .execute()
