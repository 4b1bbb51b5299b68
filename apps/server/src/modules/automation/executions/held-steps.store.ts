import type { Copied, StepStatus } from '@opsconductor/contract'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type DB, wellFormedJson } from '../../../kernel/database/index.ts'
import { type NewLogLine, numberedLines } from '../log/log.store.ts'

/** A branch as its holder knows it: the attempt is the proof. */
export type HeldBranch = { id: number; number: number; attempt: number; executionId: number; day: string }

/** Of one execution. */
type StepChange<Change> = {
  branch: HeldBranch
  step: { index: number; attempt: number }
  change: Change
  /** What is written into the log with it, and only with it. */
  lines: readonly NewLogLine[]
}

/** What is known when a step begins. What is not given stays as it was planned. */
export type StepStart = StepChange<{
  executor: string
  waitMs?: number
  connectMs?: number
  authenticateMs?: number | null
  /** With its credential, which may be none. */
  method?: string
  credential?: string | null
  /** Of that method, as `placeHashOf` makes it. */
  placeHash?: string
  command?: string
  /** A step that waits: until when, by the database's clock. */
  due?: { durationSec: number } | { until: Date }
}>

export type StepFinish = StepChange<{
  status: StepStatus
  /** How it ran, where that is not as it was planned. */
  mode?: string
  exitCode?: number | null
  signal?: string | null
  fault?: string | null
  message?: string | null
  copied?: Copied
  connectMs?: number | null
  runMs?: number | null
  collectMs?: number
  outputBytes?: number
  isOutputTruncated?: boolean
  isOutputIncomplete?: boolean
}>

/**
 * Changes steps of one execution as the holder of their branches, and writes the lines that say so, in one statement:
 * whoever has lost a branch changes nothing there. The execution's row is locked first, then those of the branches, all as
 * they are when it is our turn.
 *
 * @param columns what `asked` has beside the place of the step
 * @param set what changes; `asked`, `held` (the branch) and `drawn` (the execution) are at hand
 * @returns of each change whether it was made, and whether a cancel of the execution was asked
 */
const changeSteps = async (
  db: Kysely<DB>,
  changes: readonly StepChange<object>[],
  { columns, from, onlyIf, set }: Record<'columns' | 'from' | 'onlyIf' | 'set', RawBuilder<unknown>>,
): Promise<readonly { isChanged: boolean; isCancelled: boolean }[]> => {
  const [first] = changes
  if (first === undefined) return []
  const { executionId: id, day } = first.branch
  const lines = changes.flatMap(({ lines }, ask) => lines.map((line) => ({ ...line, ask })))
  const asked = changes.map(({ branch, step, change }, ask) => ({
    ask,
    branchId: branch.id,
    branchAttempt: branch.attempt,
    stepIndex: step.index,
    stepAttempt: step.attempt,
    ...change,
  }))
  const { rows } = await sql<{ ask: number; isChanged: boolean; isCancelled: boolean }>`
    with asked as materialized (
      select * from jsonb_to_recordset(${wellFormedJson(asked)}::jsonb) as asked (
        ask integer, "branchId" bigint, "branchAttempt" integer, "stepIndex" integer, "stepAttempt" integer, ${columns}
      )
    ), drawn as (
      update automation.executions
      set change_seq = change_seq + 1, log_seq = log_seq + ${lines.length}
      where id = ${id} and status not in ('completed', 'failed', 'cancelled')
      returning change_seq, log_seq, cancel_requested_at is not null as is_cancelled
    ), held as (
      -- by the ask: one of a former attempt may be among them, and proves nothing for itself
      select asked.ask, branch.id, branch.lease_until, branch.output_seq
      from drawn, asked join automation.branches branch
        on branch.id = asked."branchId" and branch.attempt = asked."branchAttempt"
      where branch.status = 'running'
      order by branch.id -- as whoever renews leases, so that nobody waits in a circle
      for update of branch
    ), changed as (
      update automation.step_results step
      set ${set}, change_seq = drawn.change_seq
      from drawn, asked join held on held.ask = asked.ask
      where step.branch_id = held.id and step.index = asked."stepIndex" and step.attempt = asked."stepAttempt"
        and ${from} and ${onlyIf}
      returning asked.ask
    ), execution as (
      select log_seq from drawn
    ), noted as (
      ${numberedLines({ id, day }, lines, sql`line.ask in (select ask from changed)`)}
    )
    select asked.ask, drawn.is_cancelled as "isCancelled",
      exists (select from changed where changed.ask = asked.ask) as "isChanged"
    from drawn, asked`.execute(db)
  const said = new Map(rows.map((row) => [row.ask, row]))
  return changes.map((_, ask) => said.get(ask) ?? { isChanged: false, isCancelled: false })
}

const starts = {
  columns: sql`executor text, "waitMs" float8, "connectMs" float8, "authenticateMs" float8, method text, credential text,
    "placeHash" text, command text, "dueInSec" float8, "dueAt" timestamptz`,
  from: sql`step.status = 'ready'`,
  onlyIf: sql`held.lease_until > clock_timestamp() and not drawn.is_cancelled`,
  // what a try writes comes behind what the branch had written when it began
  set: sql`status = 'running', started_at = clock_timestamp(), branch_attempt = asked."branchAttempt",
    executor = asked.executor, wait_ms = asked."waitMs", connect_ms = asked."connectMs",
    authenticate_ms = asked."authenticateMs", method = coalesce(asked.method, step.method),
    credential = case when asked.method is null then step.credential else asked.credential end,
    place_hash = asked."placeHash", command = coalesce(asked.command, step.command), output_seq = held.output_seq,
    due_at = coalesce(asked."dueAt", clock_timestamp() + make_interval(secs => asked."dueInSec"))`,
}

const finishes = {
  columns: sql`status text, mode text, "exitCode" integer, signal text, fault text, message text, copied jsonb, "connectMs" float8,
    "runMs" float8, "collectMs" float8, "outputBytes" bigint, "isOutputTruncated" boolean, "isOutputIncomplete" boolean`,
  from: sql`step.status in ('ready', 'running', 'unknown')`,
  onlyIf: sql`true`,
  set: sql`status = asked.status, mode = coalesce(asked.mode, step.mode), finished_at = clock_timestamp(), branch_attempt = asked."branchAttempt",
    exit_code = asked."exitCode", signal = asked.signal, fault = asked.fault, message = asked.message,
    copied = coalesce(asked.copied, step.copied), connect_ms = coalesce(asked."connectMs", step.connect_ms),
    run_ms = asked."runMs", collect_ms = asked."collectMs",
    output_bytes = coalesce(asked."outputBytes", step.output_bytes),
    is_output_truncated = coalesce(asked."isOutputTruncated", step.is_output_truncated),
    is_output_incomplete = coalesce(asked."isOutputIncomplete", step.is_output_incomplete)`,
}

/**
 * Steps of one execution are written down as started before anything happens on their targets, and only by the holders of
 * their branches: the attempt must be the current one and its lease must not have run out, by the database's clock.
 */
export const startSteps = async (
  db: Kysely<DB>,
  all: readonly StepStart[],
): Promise<readonly ('started' | 'cancelled' | 'fenced')[]> => {
  const changes = all.map(({ change: { due, ...change }, ...rest }) => ({
    ...rest,
    change: {
      ...change,
      ...(due === undefined ? {} : 'until' in due ? { dueAt: due.until } : { dueInSec: due.durationSec }),
    },
  }))
  const came = await changeSteps(db, changes, starts)
  return came.map(({ isChanged, isCancelled }) => (isChanged ? 'started' : isCancelled ? 'cancelled' : 'fenced'))
}

/** @returns false where the holder has lost the branch meanwhile */
export const finishSteps = async (db: Kysely<DB>, all: readonly StepFinish[]): Promise<readonly boolean[]> =>
  (await changeSteps(db, all, finishes)).map(({ isChanged }) => isChanged)
