import type { Branch, BranchStatus, CancelOutcome, Fault } from '@opsconductor/contract'
import { type Kysely, type Selectable, type UpdateObject, sql } from 'kysely'
import { containing } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'

export type BranchRow = Selectable<DB['automation.branches']>

export type NewBranch = Pick<
  BranchRow,
  'uuid' | 'executionId' | 'number' | 'targetUuid' | 'targetSerial' | 'targetName' | 'zone' | 'batch' | 'nextStep'
>

/** PostgreSQL takes 65,535 values in a statement. */
const rowsPerStatement = 5_000

export const insertBranches = async (db: Kysely<DB>, branches: readonly NewBranch[]) => {
  for (let from = 0; from < branches.length; from += rowsPerStatement) {
    await db
      .insertInto('automation.branches')
      .values(branches.slice(from, from + rowsPerStatement).map((branch) => ({ ...branch, status: 'scheduled' })))
      .execute()
  }
}

export const selectBranches = (
  db: Kysely<DB>,
  executionId: number,
  filter: { status?: string | undefined; q?: string | undefined; changedAfter?: number },
  afterNumber: number,
  limit: number,
): Promise<BranchRow[]> => {
  let query = db
    .selectFrom('automation.branches')
    .selectAll()
    .where('executionId', '=', executionId)
    .where('number', '>', afterNumber)
    .orderBy('number')
    .limit(limit)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.q) query = query.where('targetName', 'ilike', containing(filter.q))
  if (filter.changedAfter !== undefined) query = query.where('changeSeq', '>', filter.changedAfter)
  return query.execute()
}

export const findBranch = (db: Kysely<DB>, executionId: number, number: number): Promise<BranchRow | undefined> =>
  db
    .selectFrom('automation.branches')
    .selectAll()
    .where('executionId', '=', executionId)
    .where('number', '=', number)
    .executeTakeFirst()

export const countBranches = async (db: Kysely<DB>, executionId: number): Promise<Record<BranchStatus, number>> => {
  const rows = await db
    .selectFrom('automation.branches')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('executionId', '=', executionId)
    .groupBy('status')
    .execute()
  const counts: Record<BranchStatus, number> = {
    scheduled: 0,
    queued: 0,
    running: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    lost: 0,
  }
  for (const { status, count } of rows) counts[status as BranchStatus] = count
  return counts
}

export const updateBranch = async (db: Kysely<DB>, id: number, change: UpdateObject<DB, 'automation.branches'>) => {
  await db.updateTable('automation.branches').set(change).where('id', '=', id).execute()
}

export const toBranch = (row: BranchRow): Branch => ({
  uuid: row.uuid,
  number: branchNumber(row.number),
  target: { uuid: row.targetUuid, serial: row.targetSerial, name: row.targetName },
  batch: row.batch,
  status: row.status as BranchStatus,
  attempt: row.attempt,
  fault: row.fault as Fault | null,
  message: row.message,
  cancelOutcome: row.cancelOutcome as CancelOutcome | null,
  outputLines: row.outputLines,
  dueAt: row.dueAt?.toISOString() ?? null,
  queuedAt: row.queuedAt?.toISOString() ?? null,
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  changeSeq: row.changeSeq,
})
