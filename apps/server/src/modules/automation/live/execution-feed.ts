import type { ServerFrame } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { topics } from '../../../kernel/wake/wake.ts'
import { toBranch } from '../executions/branches.store.ts'
import type { Executions } from '../executions/executions.ts'
import { toExecution } from '../executions/executions.store.ts'
import { toStepResult } from '../executions/step-results.store.ts'
import { type ChangePlace, selectChangedBranches, selectChangedSteps } from './changes.store.ts'
import type { Feed } from './feeds.ts'

/** People cannot read faster, and a browser with 1,000 branches should not have to draw more often; what is short is shown at once. */
const pace = { everyMs: 250, burst: 8 }
/** Rows of a frame: some hundred kilobytes. */
const rowsAtOnce = 1_000

type Look = { upTo: number; branches: ChangePlace | null; steps: ChangePlace | null }

/**
 * The rows of an execution that changed, a thousand at a time, until all are sent. The number of a frame is one from
 * which nothing is missing: within rows that come in several frames it stays where it was before them.
 */
export const executionFeed = async (
  ctx: Context,
  executions: Executions,
  id: string,
  to: { ref: string; from: number },
): Promise<Feed> => {
  const { uuid } = await executions.find(ctx, to.ref)
  let from = to.from
  let isFirst = true
  let look: Look | null = null

  return {
    topic: topics.execution(uuid),
    pace,
    isPolled: true,
    next: async (ctx) => {
      // the counter first: what changes after this look has a higher number and comes again with the next one
      const row = await executions.find(ctx, uuid)
      if (look === null && row.changeSeq <= from && !isFirst) return { frames: [], isMore: false }
      const start = { changeSeq: from, id: Number.MAX_SAFE_INTEGER }
      const { upTo, ...after }: Look = look ?? { upTo: row.changeSeq, branches: start, steps: start }
      const branches = await rowsBehind(after.branches, (after) =>
        selectChangedBranches(ctx.db, { executionId: row.id, after, upTo }, rowsAtOnce),
      )
      const steps = await rowsBehind(after.steps, (after) =>
        selectChangedSteps(ctx.db, { executionId: row.id, after, upTo }, rowsAtOnce),
      )
      look = branches.next === null && steps.next === null ? null : { upTo, branches: branches.next, steps: steps.next }
      isFirst = false
      if (look === null) from = upTo
      const frame: ServerFrame = {
        type: 'execution',
        id,
        seq: from,
        execution: toExecution(row),
        branches: branches.rows.map(toBranch),
        steps: steps.rows.map(toStepResult),
      }
      return { frames: [frame], isMore: look !== null }
    },
  }
}

/** @returns also where to go on; null when these were the last */
const rowsBehind = async <Row extends ChangePlace>(
  after: ChangePlace | null,
  select: (after: ChangePlace) => Promise<Row[]>,
): Promise<{ rows: Row[]; next: ChangePlace | null }> => {
  if (after === null) return { rows: [], next: null }
  const rows = await select(after)
  const last = rows.at(-1)
  return {
    rows,
    next: rows.length < rowsAtOnce || last === undefined ? null : { changeSeq: last.changeSeq, id: last.id },
  }
}
