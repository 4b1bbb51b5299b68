import type { ServerFrame, Subscription } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'
import { topics } from '../../../kernel/wake/wake.ts'
import { selectBranches, toBranch } from '../executions/branches.store.ts'
import type { Executions } from '../executions/executions.ts'
import { toExecution } from '../executions/executions.store.ts'
import { selectSteps, toStepResult } from '../executions/step-results.store.ts'
import { selectLogLines, toLogLine } from '../log/log.store.ts'
import { linesOf } from '../output/lines.ts'
import { selectAfterSeq } from '../output/output.store.ts'

/** What a subscription sends: when to look, how often at most, and what is new since the last look. */
export type Feed = {
  topic: string
  /** Between two looks, in milliseconds. */
  pauseMs: number
  /** Whether it is also looked at without being announced, now and then and at the start. */
  isPolled: boolean
  /** What is new, as frames. Asked once at the start, and again whenever something was announced. */
  next: (ctx: Context) => Promise<ServerFrame[]>
}

/** People cannot read faster, and a browser with 1,000 branches should not have to draw more often. */
const executionPauseMs = 250
const outputPauseMs = 20
const chunksAtOnce = 100
const linesAtOnce = 500
const rowsAtOnce = 20_000

const listPermissions = {
  targets: 'targets.read',
  credentials: 'credentials.read',
  jobs: 'jobs.read',
  executions: 'executions.read',
  users: 'users.read',
} as const

/** Opens what a client asks for. @throws Refusal when it does not exist or may not be seen */
export const openFeed = async (ctx: Context, executions: Executions, id: string, to: Subscription): Promise<Feed> => {
  switch (to.topic) {
    case 'execution':
      return executionFeed(ctx, executions, id, to)
    case 'output':
      return outputFeed(ctx, executions, id, to)
    case 'log':
      return logFeed(ctx, executions, id, to)
    case 'targets':
    case 'credentials':
    case 'jobs':
    case 'executions':
    case 'users':
      permit(ctx, listPermissions[to.topic])
      return listFeed(id, to.topic)
  }
}

const executionFeed = async (
  ctx: Context,
  executions: Executions,
  id: string,
  to: { ref: string; from: number },
): Promise<Feed> => {
  permit(ctx, 'executions.read')
  const { uuid } = await executions.find(ctx, to.ref)
  let from = to.from
  let isFirst = true
  return {
    topic: topics.execution(uuid),
    pauseMs: executionPauseMs,
    isPolled: true,
    next: async (ctx) => {
      // the counter first: what changes after this look has a higher number and comes again with the next one
      const row = await executions.find(ctx, uuid)
      if (row.changeSeq <= from && !isFirst) return []
      const which = { executionId: row.id, changedAfter: from }
      const branches = await selectBranches(ctx.db, row.id, which, 0, rowsAtOnce)
      const steps = await selectSteps(ctx.db, which, rowsAtOnce)
      from = row.changeSeq
      isFirst = false
      return [
        {
          type: 'execution',
          id,
          seq: row.changeSeq,
          execution: toExecution(row),
          branches: branches.map(toBranch),
          steps: steps.map(toStepResult),
        },
      ]
    },
  }
}

const outputFeed = async (
  ctx: Context,
  executions: Executions,
  id: string,
  to: { ref: string; branch: number; from: number },
): Promise<Feed> => {
  permit(ctx, 'executions.read')
  const { execution } = await executions.findBranch(ctx, to.ref, to.branch)
  let from = to.from
  let saidComplete = false
  return {
    topic: topics.execution(execution.uuid),
    pauseMs: outputPauseMs,
    isPolled: true,
    next: async (ctx) => {
      if (saidComplete) return []
      // the state first: when it is final, all output is stored by now
      const { branch } = await executions.findBranch(ctx, execution.uuid, to.branch)
      const isEnded = !['scheduled', 'queued', 'running', 'lost'].includes(branch.status)
      const chunks = await selectAfterSeq(ctx.db, { branchId: branch.id, day: execution.day }, from, chunksAtOnce)
      from = chunks.at(-1)?.seq ?? from
      saidComplete = isEnded && chunks.length < chunksAtOnce
      if (chunks.length === 0 && !saidComplete) return []
      return [{ type: 'output', id, seq: from, lines: chunks.flatMap(linesOf), isComplete: saidComplete }]
    },
  }
}

const logFeed = async (
  ctx: Context,
  executions: Executions,
  id: string,
  to: { ref: string; from: number },
): Promise<Feed> => {
  permit(ctx, 'executions.read')
  const execution = await executions.find(ctx, to.ref)
  let from = to.from
  return {
    topic: topics.execution(execution.uuid),
    pauseMs: executionPauseMs,
    isPolled: true,
    next: async (ctx) => {
      const rows = await selectLogLines(ctx.db, execution, {}, from, linesAtOnce)
      from = rows.at(-1)?.seq ?? from
      return rows.length === 0 ? [] : [{ type: 'log', id, seq: from, lines: rows.map(toLogLine) }]
    },
  }
}

/** Lists only say that they changed; the first look is the client's own request. */
const listFeed = (id: string, topic: keyof typeof listPermissions): Feed => ({
  topic: topics.list(topic),
  pauseMs: executionPauseMs,
  isPolled: false,
  next: async () => [{ type: 'changed', id }],
})
