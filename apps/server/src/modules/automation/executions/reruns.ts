import type { Execution, RerunRequest, Values } from '@opsconductor/contract'
import { isFinalExecution } from '@opsconductor/contract'
import { type Context, permit, transaction } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { documentOf, findVersionById } from '../jobs/jobs.store.ts'
import type { Plans } from '../plans/plans.ts'
import { type Begin, refuseDisabled } from './begin.ts'
import * as branches from './branches.store.ts'
import * as store from './executions.store.ts'
import { insertCompletedSteps, selectFirstIncomplete } from './resume.store.ts'
import { openParameters } from './sealed-parameters.ts'
import { findLedTo, keepLedTo } from './wish.ts'

type Ports = {
  plans: Plans
  vault: Vault
  begin: Begin
  find: (ctx: Context, ref: string) => Promise<store.ExecutionRow>
}

/**
 * The same version and values again: on all targets, on those whose branch did not complete, or on those from the first
 * step on that did not complete.
 */
export const createReruns =
  ({ plans, vault, begin, find }: Ports) =>
  (
    ctx: Context,
    ref: string,
    { only, from, confirm = false }: RerunRequest,
    idempotencyKey: string | null,
  ): Promise<Execution> => {
    permit(ctx, 'executions.start')
    const wish = { key: idempotencyKey, request: ['rerun', ref, only, from, confirm] }
    return transaction(ctx, async (ctx) => {
      const ledTo = await findLedTo(ctx, wish)
      if (ledTo !== undefined) return store.toExecution(await find(ctx, ledTo))
      const before = await find(ctx, ref)
      if (!isFinalExecution(before.status as Execution['status'])) {
        throw new Refusal('conflict', 'This execution has not ended yet. Wait for it, or cancel it first.')
      }
      const all = await branches.selectBranches(ctx.db, before.id, {}, 0, 100_000)
      const again = only === 'failed' || from === 'failed' ? all.filter(({ status }) => status !== 'completed') : all
      if (again.length === 0)
        throw new Refusal('conflict', 'All of its branches completed: there is nothing to run again.')
      const job = await plans.findRunnable(ctx, before.jobUuid)
      refuseDisabled(job)
      if (from === 'failed' && job.versionId !== before.jobVersionId && !confirm) {
        throw new Refusal(
          'conflict',
          `${job.name} has changed since: this execution ran version ${before.jobVersion}, and now there is version ${job.currentVersion}. Confirm to go on with version ${before.jobVersion}, or run the job anew.`,
        )
      }
      const version = await findVersionById(ctx.db, before.jobVersionId)
      const document = documentOf(version)
      const secrets = openParameters(vault, before.uuid, before.sealedParameters)
      const working = await plans.make(ctx, { ...job, versionId: version.id }, document, {
        targets: again.map(({ targetUuid }) => targetUuid),
        parameters: { ...(before.parameters as Values), ...secrets },
        orderSeed: before.orderSeed,
      })
      const beginning = { priority: before.priority, rerunOf: before.uuid }
      const beginOnce = async (more: object = {}) => {
        const uuid = await begin(ctx, working, { ...beginning, ...more })
        await keepLedTo(ctx, wish, uuid)
        return store.toExecution(await find(ctx, uuid))
      }
      if (from === undefined) return beginOnce()

      const first = await selectFirstIncomplete(ctx.db, before.id, document.steps.length)
      const earlier = { id: before.id, uuid: before.uuid, ref: `${before.jobSerial}.${before.number}` }
      const resume = {
        from: first,
        prepare: (ctx: Context, id: number) => insertCompletedSteps(ctx.db, id, earlier, first),
      }
      return beginOnce({ resume })
    })
  }
