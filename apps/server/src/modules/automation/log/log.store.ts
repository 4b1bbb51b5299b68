import type { LogCategory, LogLevel, LogLine, LogPhase } from '@opsconductor/contract'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { containing } from '../../../kernel/cursor.ts'
import type { DB } from '../../../kernel/database/index.ts'
import { branchNumber } from '../plans/plans.ts'

export type NewLogLine = {
  branch: number | null
  phase: LogPhase
  level: LogLevel
  category: LogCategory
  message: string
  details?: Record<string, unknown>
}

/** Where lines of an execution are kept: its id, and the day of its partition. */
export type LogPlace = { id: number; day: string }

/**
 * Numbers the lines and stores them, in one statement. The execution's row stays locked until the end, so numbers follow
 * commit order.
 */
export const insertLogLines = async (db: Kysely<DB>, place: LogPlace, lines: readonly NewLogLine[]) => {
  await sql`
    with execution as (
      update automation.executions set log_seq = log_seq + ${lines.length} where id = ${place.id} returning log_seq
    )
    ${numberedLines(place, lines)}`.execute(db)
}

/**
 * The part of a statement that stores lines behind those of the execution. Before it a part named `execution` has raised
 * `log_seq` by their number, and has no row when they are not to be stored.
 *
 * @param lines `ask` tells for `onlyIf` to what a line belongs
 * @param onlyIf which of them are stored: each is a `line`
 */
export const numberedLines = (
  { id, day }: LogPlace,
  lines: readonly (NewLogLine & { ask?: number })[],
  onlyIf: RawBuilder<unknown> = sql`true`,
): RawBuilder<object> => {
  const rows = lines.map(({ details = {}, message, ...line }, index) => ({
    ...line,
    message: message.toWellFormed(), // half a character would not pass as JSON
    details,
    number: index + 1,
  }))
  return sql<object>`
    insert into automation.log_lines (day, execution_id, seq, branch, phase, level, category, message, details)
    select ${day}::date, ${id}::bigint, execution.log_seq - ${lines.length}::integer + line.number, line.branch, line.phase,
      line.level, line.category, line.message, line.details
    from execution, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as line (number integer, ask integer, branch integer, phase text, level text, category text, message text, details jsonb)
    where ${onlyIf}`
}

export type LogFilter = {
  phase?: string | undefined
  level?: string | undefined
  category?: string | undefined
  branch?: number | undefined
  q?: string | undefined
}

export const selectLogLines = (db: Kysely<DB>, place: LogPlace, filter: LogFilter, afterSeq: number, limit: number) => {
  let query = db
    .selectFrom('automation.logLines')
    .selectAll()
    .where('day', '=', place.day)
    .where('executionId', '=', place.id)
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
  if (filter.phase !== undefined) query = query.where('phase', '=', filter.phase)
  if (filter.level !== undefined) query = query.where('level', '=', filter.level)
  if (filter.category !== undefined) query = query.where('category', '=', filter.category)
  if (filter.branch !== undefined) query = query.where('branch', '=', filter.branch)
  if (filter.q) query = query.where('message', 'ilike', containing(filter.q))
  return query.execute()
}

export const toLogLine = (row: Awaited<ReturnType<typeof selectLogLines>>[number]): LogLine => ({
  seq: row.seq,
  at: row.at.toISOString(),
  branch: row.branch === null ? null : branchNumber(row.branch),
  phase: row.phase as LogPhase,
  level: row.level as LogLevel,
  category: row.category as LogCategory,
  message: row.message,
  details: row.details as Record<string, unknown>,
})
