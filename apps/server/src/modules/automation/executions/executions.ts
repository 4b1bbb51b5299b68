import type { BranchDetail, Execution, ExecutionDetail, StartRequest } from '@opsconductor/contract'
import { isFinalExecution } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { type Context, permit, transaction } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { notFound } from '../../../kernel/errors.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import type { Wake } from '../../../kernel/wake/wake.ts'
import { documentOf } from '../jobs/jobs.store.ts'
import { type LogFilter, selectLogLines, toLogLine } from '../log/log.store.ts'
import type { Plans } from '../plans/plans.ts'
import { createBegin, refuseDisabled } from './begin.ts'
import * as branches from './branches.store.ts'
import { type ExecutionFilter, selectExecutionIds } from './execution-list.store.ts'
import * as store from './executions.store.ts'
import { createPausing } from './pausing.ts'
import type { Progress } from './progress.ts'
import { createReruns } from './reruns.ts'
import { selectSteps, toStepResult } from './step-results.store.ts'
import { createStopping } from './stopping.ts'
import { waitingOfBranches, waitingOfExecution } from './waiting.ts'
import { findLedTo, keepLedTo } from './wish.ts'

type Ports = {
  plans: Plans
  progress: Progress
  vault: Vault
  publish: Publish
  wake: Wake
  /** By UUID or serial; null when there is none. */
  targetUuidOf: (ctx: Context, ref: string) => Promise<string | null>
  maxConcurrentExecutions: number
}
type PageQuery = { limit: number; cursor?: string | undefined }
type ListedBy = Omit<ExecutionFilter, 'targetUuid'> & { target?: string | undefined }

export const createExecutions = (ports: Ports) => {
  const { plans, progress, vault, publish, wake, targetUuidOf, maxConcurrentExecutions } = ports
  const begin = createBegin({ progress, vault, publish, wake })
  const stop = createStopping({ progress, wake })

  const find = async (ctx: Context, ref: string): Promise<store.ExecutionRow> => {
    const execution = await store.findExecution(ctx.db, ref)
    if (execution === undefined) throw notFound('execution', ref)
    return execution
  }

  const findBranch = async (ctx: Context, ref: string, number: number) => {
    const execution = await find(ctx, ref)
    const branch = await branches.findBranch(ctx.db, execution.id, number)
    if (branch === undefined) throw notFound(`branch of ${execution.jobSerial}.${execution.number}`, String(number))
    return { execution, branch }
  }

  const start = async (
    ctx: Context,
    ref: string,
    request: StartRequest,
    idempotencyKey: string | null,
  ): Promise<Execution> => {
    permit(ctx, 'executions.start')
    const wish = { key: idempotencyKey, request: [ref, request] }
    const before = await findLedTo(ctx, wish)
    if (before !== undefined) return store.toExecution(await find(ctx, before))
    const job = await plans.findRunnable(ctx, ref)
    refuseDisabled(job)
    const working = await plans.make(ctx, job, documentOf(job), request)
    await plans.holdTo(ctx, working, request.planHash)
    const uuid = await transaction(ctx, async (ctx) => {
      const uuid = await begin(ctx, working, { priority: request.priority ?? 0 })
      await keepLedTo(ctx, wish, uuid)
      return uuid
    })
    // after the commit, while executors take it already
    return store.toExecution(await find(ctx, uuid))
  }

  /** What has not begun never begins; what runs is stopped by its executor, which then says what it found. */
  const cancel = (ctx: Context, ref: string): Promise<Execution> => {
    permit(ctx, 'executions.cancel')
    return transaction(ctx, async (ctx) => {
      const found = await find(ctx, ref)
      const execution = await store.lockExecution(ctx.db, found.id)
      if (isFinalExecution(execution.status as Execution['status']) || execution.cancelRequestedAt !== null)
        return store.toExecution(found)
      await stop(ctx, execution, { because: 'cancelled', by: ctx.actor.name })
      await audit(ctx, 'executions.cancel', {
        kind: 'execution',
        uuid: execution.uuid,
        name: `${found.jobSerial}.${found.number}`,
      })
      return store.toExecution(await find(ctx, execution.uuid))
    })
  }

  return {
    find,
    findBranch,
    start,
    rerun: createReruns({ plans, vault, begin, find }),
    cancel,
    ...createPausing({ progress, publish, find }),

    list: async (ctx: Context, { target, ...query }: ListedBy & PageQuery) => {
      permit(ctx, 'executions.read')
      const targetUuid = target === undefined ? undefined : await targetUuidOf(ctx, target)
      if (targetUuid === null) return { items: [], nextCursor: null }
      const filter = { ...query, targetUuid }
      const ids = await selectExecutionIds(ctx.db, filter, readCursor(query.cursor), query.limit + 1)
      const rows = await store.selectExecutionsById(ctx.db, ids)
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.id }), store.toExecution)
    },

    read: async (ctx: Context, ref: string): Promise<ExecutionDetail> => {
      permit(ctx, 'executions.read')
      const execution = await find(ctx, ref)
      const waitingFor = await waitingOfExecution(ctx.db, execution, maxConcurrentExecutions)
      return { ...store.toExecution(execution), waitingFor }
    },

    branch: async (ctx: Context, ref: string, number: number): Promise<BranchDetail> => {
      permit(ctx, 'executions.read')
      const { execution, branch } = await findBranch(ctx, ref, number)
      const [waitingFor] = await waitingOfBranches(ctx.db, execution, [branch], maxConcurrentExecutions)
      return { ...branches.toBranch(branch), waitingFor: waitingFor ?? null }
    },

    branches: async (
      ctx: Context,
      ref: string,
      query: PageQuery & { status?: string | undefined; q?: string | undefined },
    ) => {
      permit(ctx, 'executions.read')
      const execution = await find(ctx, ref)
      const rows = await branches.selectBranches(
        ctx.db,
        execution.id,
        query,
        readCursor(query.cursor)?.id ?? 0,
        query.limit + 1,
      )
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.number }), branches.toBranch)
    },

    steps: async (ctx: Context, ref: string, number: number) => {
      permit(ctx, 'executions.read')
      const { execution, branch } = await findBranch(ctx, ref, number)
      const rows = await selectSteps(ctx.db, { executionId: execution.id, branchId: branch.id }, 10_000)
      return { items: rows.map(toStepResult) }
    },

    allSteps: async (ctx: Context, ref: string, query: PageQuery) => {
      permit(ctx, 'executions.read')
      const execution = await find(ctx, ref)
      const rows = await selectSteps(
        ctx.db,
        { executionId: execution.id, afterId: readCursor(query.cursor)?.id ?? 0 },
        query.limit + 1,
      )
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.id }), toStepResult)
    },

    log: async (ctx: Context, ref: string, query: PageQuery & LogFilter) => {
      permit(ctx, 'executions.read')
      const execution = await find(ctx, ref)
      const rows = await selectLogLines(ctx.db, execution, query, readCursor(query.cursor)?.id ?? 0, query.limit + 1)
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.seq }), toLogLine)
    },
  }
}

export type Executions = ReturnType<typeof createExecutions>
