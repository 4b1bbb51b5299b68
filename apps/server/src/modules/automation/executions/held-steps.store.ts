import type { StepStatus } from '@opsconductor/contract'
import { type Kysely, type RawBuilder, type Updateable, sql } from 'kysely'
import type { DB, jsonb } from '../../../kernel/database/index.ts'
import { type NewLogLine, numberedLines } from '../log/log.store.ts'

/** A branch as its holder knows it: the attempt is the proof. */
export type HeldBranch = { id: number; attempt: number; executionId: number; day: string }

type ChangedColumns = Omit<Updateable<DB['automation.stepResults']>, 'copied'> & { copied?: ReturnType<typeof jsonb> }

type StepChange = {
  /** The states it may be in. */
  from: StepStatus[]
  /** What else must hold: `branch` and `drawn` (the execution) are at hand. */
  onlyIf?: RawBuilder<boolean>
  change: ChangedColumns
  /** A step that waits: until when. */
  dueAt?: RawBuilder<Date> | undefined
  /** Gets the time of the change. */
  at: 'startedAt' | 'finishedAt'
  lines: readonly NewLogLine[]
}

/**
 * Changes a step as the holder of its branch, and writes the lines that say so, in one statement: whoever has lost the
 * branch changes nothing. The execution's row is locked first, then the branch's, both as they are when it is our turn.
 */
const changeStep = async (
  db: Kysely<DB>,
  branch: HeldBranch,
  step: { index: number; attempt: number },
  { from, onlyIf = sql<boolean>`true`, change, dueAt, at, lines }: StepChange,
) => {
  const done = await db
    .with('drawn', (query) =>
      query
        .updateTable('automation.executions')
        .set({ changeSeq: sql`change_seq + 1`, logSeq: sql`log_seq + ${lines.length}` })
        .where('id', '=', branch.executionId)
        .where('status', 'not in', ['completed', 'failed', 'cancelled'])
        .returning(['changeSeq', 'logSeq', sql<boolean>`cancel_requested_at is not null`.as('isCancelled')]),
    )
    .with('branch', (query) =>
      query
        .selectFrom(['automation.branches as held', 'drawn'])
        .select(['held.id', 'held.leaseUntil', 'held.outputSeq'])
        .where('held.id', '=', branch.id)
        .where('held.attempt', '=', branch.attempt)
        .where('held.status', '=', 'running')
        .forUpdate('held'),
    )
    .with('changed', (query) =>
      query
        .updateTable('automation.stepResults as step')
        .from(['drawn', 'branch'])
        .set((values) => ({
          ...change,
          // what a try writes comes behind what the branch had written when it began
          ...(at === 'startedAt' ? { outputSeq: values.ref('branch.outputSeq') } : {}),
          ...(dueAt === undefined ? {} : { dueAt }),
          changeSeq: values.ref('drawn.changeSeq'),
          [at]: sql<Date>`clock_timestamp()`,
        }))
        .whereRef('step.branchId', '=', 'branch.id')
        .where('step.index', '=', step.index)
        .where('step.attempt', '=', step.attempt)
        .where('step.status', 'in', from)
        .where(onlyIf)
        .returning('step.id'),
    )
    .with('execution', (query) => query.selectFrom(['drawn', 'changed']).select('drawn.logSeq'))
    .with('noted', () => sql<object>`(${numberedLines({ id: branch.executionId, day: branch.day }, lines)})`)
    .selectFrom('drawn')
    .select(['drawn.isCancelled', sql<boolean>`exists (select from changed)`.as('isChanged')])
    .executeTakeFirst()
  return done ?? { isChanged: false, isCancelled: false }
}

/**
 * The step is written down as started before anything happens on the target, and only by the holder of the branch:
 * its attempt must be the current one and its lease must not have run out, by the database's clock.
 */
export const startStep = async (
  db: Kysely<DB>,
  branch: HeldBranch,
  step: { index: number; attempt: number },
  {
    dueAt,
    ...change
  }: {
    executor: string
    waitMs?: number
    connectMs?: number
    authenticateMs?: number | null
    method?: string
    credential?: string | null
    command?: string
    dueAt?: RawBuilder<Date>
  },
  lines: readonly NewLogLine[],
): Promise<'started' | 'cancelled' | 'fenced'> => {
  const { isChanged, isCancelled } = await changeStep(db, branch, step, {
    from: ['ready'],
    onlyIf: sql<boolean>`branch.lease_until > clock_timestamp() and not drawn.is_cancelled`,
    change: { ...change, status: 'running', branchAttempt: branch.attempt },
    dueAt,
    at: 'startedAt',
    lines,
  })
  return isChanged ? 'started' : isCancelled ? 'cancelled' : 'fenced'
}

/** @returns false when this holder has lost the branch meanwhile */
export const finishStep = async (
  db: Kysely<DB>,
  branch: HeldBranch,
  step: { index: number; attempt: number },
  change: ChangedColumns,
  lines: readonly NewLogLine[],
): Promise<boolean> => {
  const { isChanged } = await changeStep(db, branch, step, {
    from: ['ready', 'running', 'unknown'],
    change,
    at: 'finishedAt',
    lines,
  })
  return isChanged
}
