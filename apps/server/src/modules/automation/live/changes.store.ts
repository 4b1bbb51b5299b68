import { type Kysely, sql } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

/** A row by its place in the order of changes. Rows that changed together have the same number. */
export type ChangePlace = { changeSeq: number; id: number }

/** Changes of an execution behind one place, up to a number that was read before. */
export type ChangesWanted = { executionId: number; after: ChangePlace; upTo: number }

/** Branches as they changed, by the index of changes. */
export const selectChangedBranches = (db: Kysely<DB>, { executionId, after, upTo }: ChangesWanted, limit: number) =>
  db
    .selectFrom('automation.branches')
    .selectAll()
    .where('executionId', '=', executionId)
    .where(sql<boolean>`(change_seq, id) > (${after.changeSeq}, ${after.id})`)
    .where('changeSeq', '<=', upTo)
    .orderBy('changeSeq')
    .orderBy('id')
    .limit(limit)
    .execute()

/** Step results as they changed, with the number of their branch. */
export const selectChangedSteps = (db: Kysely<DB>, { executionId, after, upTo }: ChangesWanted, limit: number) =>
  db
    .selectFrom('automation.stepResults as step')
    .innerJoin('automation.branches as branch', 'branch.id', 'step.branchId')
    .selectAll('step')
    .select('branch.number as branchNumber')
    .where('step.executionId', '=', executionId)
    .where(sql<boolean>`(step.change_seq, step.id) > (${after.changeSeq}, ${after.id})`)
    .where('step.changeSeq', '<=', upTo)
    .orderBy('step.changeSeq')
    .orderBy('step.id')
    .limit(limit)
    .execute()
