import { createHash } from 'node:crypto'
import type { Execution, StartRequest, Values } from '@opsconductor/contract'
import { isFinalExecution } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { notFound, Refusal } from '../../../kernel/errors.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { documentOf, findVersionById } from '../jobs/jobs.store.ts'
import { insertLogLines, type LogFilter, selectLogLines, toLogLine } from '../log/log.store.ts'
import type { Plans, WorkingPlan } from '../plans/plans.ts'
import { maskSecrets, onlySecrets } from '../plans/values.ts'
import * as branches from './branches.store.ts'
import * as store from './executions.store.ts'
import { findIdempotent, insertIdempotent } from './idempotency-keys.store.ts'
import type { Progress } from './progress.ts'
import { openParameters, sealParameters } from './sealed-parameters.ts'
import { endStepsOfEnded, selectSteps, toStepResult } from './step-results.store.ts'

type Ports = { plans: Plans; progress: Progress; vault: Vault; publish: Publish; wake: Wake }
type PageQuery = { limit: number; cursor?: string | undefined }

export const createExecutions = ({ plans, progress, vault, publish, wake }: Ports) => {
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

  /** One transaction: the execution, its branches, the log, the audit line, the fact; and it is admitted if there is room. */
  const begin = async (ctx: Context, working: WorkingPlan, trigger: 'manual' | 'rerun', rerunOf: string | null) => {
    const { plan, job, document, values, targets } = working
    const uuid = newUuid()
    const { id, number, day } = await store.insertExecution(ctx.db, {
      uuid,
      jobId: job.id,
      jobVersionId: job.versionId,
      requestedBy: ctx.actor.name,
      requestedByUuid: ctx.actor.uuid,
      trigger,
      rerunOf,
      parameters: maskSecrets(values),
      sealedParameters: sealParameters(vault, uuid, onlySecrets(values)),
      strategy: document.strategy ?? {},
      planHash: plan.hash,
    })
    await branches.insertBranches(
      ctx.db,
      targets.map((target, index) => ({
        uuid: newUuid(),
        executionId: id,
        number: index + 1,
        targetUuid: target.uuid,
        targetSerial: target.serial,
        targetName: target.name,
        zone: target.zone,
        batch: plan.branches[index]?.batch ?? 1,
      })),
    )
    const ref = `${job.serial}.${number}`
    await insertLogLines(ctx.db, { id, day }, [
      {
        branch: null,
        phase: 'creation',
        level: 'info',
        category: 'user',
        message: `${ref} was started by ${ctx.actor.name}: ${job.name}, version ${plan.job.version}.`,
      },
      {
        branch: null,
        phase: 'target_selection',
        level: 'info',
        category: 'system',
        message: `${targets.length} ${targets.length === 1 ? 'target was' : 'targets were'} selected.`,
        details: { targets: targets.slice(0, 100).map(({ serial, name }) => ({ serial, name })) },
      },
    ])
    await audit(
      ctx,
      trigger === 'rerun' ? 'executions.rerun' : 'executions.start',
      { kind: 'execution', uuid, name: ref },
      {
        job: job.serial,
        version: plan.job.version,
        targets: targets.length,
        planHash: plan.hash,
        ...(rerunOf === null ? {} : { rerunOf }),
      },
    )
    await publish(ctx, 'execution.queued', uuid, { job: job.serial, number })
    progress.changed(ctx, uuid)
    afterCommit(ctx, () => wake.announce(topics.list('jobs')))
    await progress.admit(ctx)
    return uuid
  }

  const start = (
    ctx: Context,
    ref: string,
    request: StartRequest,
    idempotencyKey: string | null,
  ): Promise<Execution> => {
    permit(ctx, 'executions.start')
    return transaction(ctx, async (ctx) => {
      const requestHash = createHash('sha256')
        .update(JSON.stringify([ref, request]))
        .digest('hex')
      const actorUuid = ctx.actor.uuid
      if (idempotencyKey !== null && actorUuid !== null) {
        const before = await findIdempotent(ctx.db, actorUuid, idempotencyKey)
        if (before !== undefined) {
          if (before.requestHash !== requestHash) {
            throw new Refusal(
              'idempotency_mismatch',
              'This Idempotency-Key was used for another request. Use a new key for a new request.',
            )
          }
          return store.toExecution(await find(ctx, (before.answer as { uuid: string }).uuid))
        }
      }
      const job = await plans.findRunnable(ctx, ref)
      refuseDisabled(job)
      const working = await plans.make(ctx, job, documentOf(job), request)
      if (request.planHash !== undefined && request.planHash !== working.plan.hash) {
        throw new Refusal(
          'plan_changed',
          'What would run now is not what was planned: the job, a target or a credential has changed meanwhile. Look at the new plan.',
        )
      }
      const uuid = await begin(ctx, working, 'manual', null)
      if (idempotencyKey !== null && actorUuid !== null) {
        const isFirst = await insertIdempotent(ctx.db, actorUuid, idempotencyKey, requestHash, { uuid })
        if (!isFirst) throw new Refusal('conflict', 'The same request is being carried out at this moment. Ask again.')
      }
      return store.toExecution(await find(ctx, uuid))
    })
  }

  /** The same version and values again, on all targets or only on those whose branch did not complete. */
  const rerun = (ctx: Context, ref: string, only: 'failed' | undefined): Promise<Execution> => {
    permit(ctx, 'executions.start')
    return transaction(ctx, async (ctx) => {
      const before = await find(ctx, ref)
      if (!isFinalExecution(before.status as Execution['status'])) {
        throw new Refusal('conflict', 'This execution has not ended yet. Wait for it, or cancel it first.')
      }
      const all = await branches.selectBranches(ctx.db, before.id, {}, 0, 100_000)
      const again = only === 'failed' ? all.filter(({ status }) => status !== 'completed') : all
      if (again.length === 0)
        throw new Refusal('conflict', 'All of its branches completed: there is nothing to run again.')
      const job = await plans.findRunnable(ctx, before.jobUuid)
      refuseDisabled(job)
      const version = await findVersionById(ctx.db, before.jobVersionId)
      const secrets = openParameters(vault, before.uuid, before.sealedParameters)
      const working = await plans.make(ctx, { ...job, versionId: version.id }, documentOf(version), {
        targets: again.map(({ targetUuid }) => targetUuid),
        parameters: { ...(before.parameters as Values), ...secrets },
      })
      return store.toExecution(await find(ctx, await begin(ctx, working, 'rerun', before.uuid)))
    })
  }

  /** What has not begun never begins; what runs is stopped by its executor, which then says what it found. */
  const cancel = (ctx: Context, ref: string): Promise<Execution> => {
    permit(ctx, 'executions.cancel')
    return transaction(ctx, async (ctx) => {
      const found = await find(ctx, ref)
      const execution = await store.lockExecution(ctx.db, found.id)
      if (isFinalExecution(execution.status as Execution['status']) || execution.cancelRequestedAt !== null)
        return store.toExecution(found)
      await store.updateExecution(ctx.db, execution.id, {
        cancelRequestedAt: new Date(),
        cancelRequestedBy: ctx.actor.name,
      })
      const changeSeq = await store.drawChange(ctx.db, execution.id)
      const message = `Cancelled by ${ctx.actor.name} before it began.`
      await branches.endBranches(ctx.db, execution.id, ['scheduled', 'queued'], {
        status: 'cancelled',
        message,
        changeSeq,
      })
      await branches.endBranches(ctx.db, execution.id, ['lost'], {
        status: 'cancelled',
        message: `Given up by ${ctx.actor.name}: nobody knows whether its step still runs.`,
        cancelOutcome: 'unconfirmed',
        changeSeq,
      })
      await endStepsOfEnded(ctx.db, execution.id, changeSeq)
      await insertLogLines(ctx.db, execution, [
        {
          branch: null,
          phase: 'action_execution',
          level: 'warning',
          category: 'user',
          message: `${ctx.actor.name} cancelled the execution.`,
        },
      ])
      await audit(ctx, 'executions.cancel', {
        kind: 'execution',
        uuid: execution.uuid,
        name: `${found.jobSerial}.${found.number}`,
      })
      await progress.advance(ctx, execution.id)
      afterCommit(ctx, () => wake.announce(topics.cancel(execution.uuid)))
      return store.toExecution(await find(ctx, execution.uuid))
    })
  }

  return {
    find,
    findBranch,
    start,
    rerun,
    cancel,

    list: async (ctx: Context, query: store.ExecutionFilter & PageQuery) => {
      permit(ctx, 'executions.read')
      const rows = await store.selectExecutions(ctx.db, query, readCursor(query.cursor), query.limit + 1)
      return pageOf(rows, query.limit, (row) => ({ key: '', id: row.id }), store.toExecution)
    },

    read: async (ctx: Context, ref: string): Promise<Execution> => {
      permit(ctx, 'executions.read')
      return store.toExecution(await find(ctx, ref))
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

const refuseDisabled = (job: { name: string; isEnabled: boolean }) => {
  if (!job.isEnabled) throw new Refusal('conflict', `${job.name} is disabled. Enable it before running it.`)
}
