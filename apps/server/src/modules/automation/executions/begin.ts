import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { insertLogLines } from '../log/log.store.ts'
import type { WorkingPlan } from '../plans/plans.ts'
import { maskSecrets, onlySecrets } from '../plans/values.ts'
import * as branches from './branches.store.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'
import { sealParameters } from './sealed-parameters.ts'

type Ports = { progress: Progress; vault: Vault; publish: Publish; wake: Wake }

export type Beginning = {
  priority: number
  /** The execution that is run again, by its UUID. */
  rerunOf?: string
  /** How many of the steps each branch need not run, by target: they are completed. Their rows are written by `prepare`. */
  resume?: {
    from: ReadonlyMap<string, number>
    prepare: (ctx: Context, executionId: number) => Promise<void>
  }
}

/** One transaction: the execution, its branches, the log, the audit line, the fact; and it is admitted if there is room. */
export const createBegin =
  ({ progress, vault, publish, wake }: Ports) =>
  async (ctx: Context, working: WorkingPlan, { priority, rerunOf, resume }: Beginning): Promise<string> => {
    const { plan, job, document, values, targets } = working
    const uuid = newUuid()
    const { id, number, day } = await store.insertExecution(ctx.db, {
      uuid,
      jobId: job.id,
      jobVersionId: job.versionId,
      requestedBy: ctx.actor.name,
      requestedByUuid: ctx.actor.uuid,
      trigger: rerunOf === undefined ? 'manual' : 'rerun',
      rerunOf: rerunOf ?? null,
      parameters: maskSecrets(values),
      sealedParameters: sealParameters(vault, uuid, onlySecrets(values)),
      strategy: document.strategy ?? {},
      timeoutSec: document.timeoutSec ?? null,
      planHash: plan.hash,
      priority,
      orderSeed: working.orderSeed,
    })
    const branched = branches.insertBranches(
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
        nextStep: resume?.from.get(target.uuid) ?? 0,
        // the execution that is resumed was the first to have it: whoever takes it looks at what is done already
        attempt: (resume?.from.get(target.uuid) ?? 0) > 0 ? 1 : 0,
      })),
    )
    if (resume !== undefined) {
      await branched
      await resume.prepare(ctx, id)
    }
    const ref = `${job.serial}.${number}`
    const logged = insertLogLines(ctx.db, { id, day }, [
      {
        branch: null,
        phase: 'creation',
        level: 'info',
        category: 'user',
        message: `${ref} was started by ${ctx.actor.name}: ${job.name}, version ${plan.job.version}.`,
        ...(priority === 0 ? {} : { details: { priority } }),
      },
      {
        branch: null,
        phase: 'target_selection',
        level: 'info',
        category: 'system',
        message: `${targets.length} ${targets.length === 1 ? 'target was' : 'targets were'} selected.`,
        details: {
          targets: targets.slice(0, 100).map(({ serial, name }) => ({ serial, name })),
          ...(document.strategy?.order === 'random' ? { orderSeed: working.orderSeed } : {}),
        },
      },
    ])
    const audited = audit(
      ctx,
      rerunOf === undefined ? 'executions.start' : 'executions.rerun',
      { kind: 'execution', uuid, name: ref },
      {
        job: job.serial,
        version: plan.job.version,
        targets: targets.length,
        planHash: plan.hash,
        ...(working.rawNames.length === 0 ? {} : { unquotedValues: working.rawNames }),
        ...(priority === 0 ? {} : { priority }),
        ...(rerunOf === undefined ? {} : { rerunOf }),
        ...(resume === undefined ? {} : { from: 'failed' }),
      },
    )
    const published = publish(ctx, 'execution.queued', uuid, { job: job.serial, number })
    progress.changed(ctx, uuid)
    afterCommit(ctx, () => wake.announce(topics.list('jobs')))
    await Promise.all([branched, logged, audited, published, progress.admit(ctx)])
    return uuid
  }

export type Begin = ReturnType<typeof createBegin>

export const refuseDisabled = (job: { name: string; isEnabled: boolean }) => {
  if (!job.isEnabled) throw new Refusal('conflict', `${job.name} is disabled. Enable it before running it.`)
}
