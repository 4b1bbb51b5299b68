import type { ServerFrame, Subscription } from '@opsconductor/contract'
import { type Context, permit } from '../../../kernel/context.ts'
import { topics } from '../../../kernel/wake/wake.ts'
import type { Executions } from '../executions/executions.ts'
import { selectLogLines, toLogLine } from '../log/log.store.ts'
import { linesOf } from '../output/lines.ts'
import { lookAtOutput } from '../output/output.store.ts'
import { executionFeed } from './execution-feed.ts'
import type { Pace } from './pace.ts'

/** What a subscription sends: when to look, how often at most, and what is new since the last look. */
export type Feed = {
  topic: string
  /** How often it is looked at. */
  pace: Pace
  /** Whether it is also looked at without being announced, now and then and at the start. */
  isPolled: boolean
  /**
   * What is new, as frames. Asked once at the start, and again whenever something was announced; and at once, without a
   * pause, while there is more than these frames hold.
   */
  next: (ctx: Context) => Promise<{ frames: ServerFrame[]; isMore: boolean }>
}

/** People cannot read faster; what is short is shown at once. */
const outputPace = { everyMs: 20, burst: 8 }
const logPace = { everyMs: 250, burst: 8 }
/** Whoever hears of a list reads it anew. */
const listPace = { everyMs: 250, burst: 1 }
const linesAtOnce = 500

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
      permit(ctx, 'executions.read')
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

const outputFeed = async (
  ctx: Context,
  executions: Executions,
  id: string,
  to: { ref: string; branch: number; from: number },
): Promise<Feed> => {
  permit(ctx, 'executions.read')
  const { execution, branch } = await executions.findBranch(ctx, to.ref, to.branch)
  const place = { branchId: branch.id, day: execution.day }
  let from = to.from
  let saidComplete = false
  return {
    topic: topics.execution(execution.uuid),
    pace: outputPace,
    isPolled: true,
    next: async (ctx) => {
      if (saidComplete) return nothing
      const { chunks, branchStatus, lastSeq } = await lookAtOutput(ctx.db, place, from)
      const isEnded = !['scheduled', 'queued', 'running', 'lost'].includes(branchStatus)
      from = chunks.at(-1)?.seq ?? from
      const isMore = from < lastSeq
      saidComplete = isEnded && (chunks.length === 0 || !isMore)
      if (chunks.length === 0 && !saidComplete) return nothing
      const lines = chunks.flatMap((chunk) => linesOf(chunk))
      return { frames: [{ type: 'output', id, seq: from, lines, isComplete: saidComplete }], isMore }
    },
  }
}

const nothing = { frames: [], isMore: false }

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
    pace: logPace,
    isPolled: true,
    next: async (ctx) => {
      const rows = await selectLogLines(ctx.db, execution, {}, from, linesAtOnce)
      from = rows.at(-1)?.seq ?? from
      if (rows.length === 0) return nothing
      return {
        frames: [{ type: 'log', id, seq: from, lines: rows.map(toLogLine) }],
        isMore: rows.length === linesAtOnce,
      }
    },
  }
}

/** Lists only say that they changed; the first look is the client's own request. */
const listFeed = (id: string, topic: keyof typeof listPermissions): Feed => ({
  topic: topics.list(topic),
  pace: listPace,
  isPolled: false,
  next: async () => ({ frames: [{ type: 'changed', id }], isMore: false }),
})
