import { createHmac } from 'node:crypto'
import type { JobDocument, Plan, PlannedBranch, RunRequest, Values } from '@opsconductor/contract'
import type { Assets, RunTarget } from '../../assets/index.ts'
import { type Context, permit } from '../../../kernel/context.ts'
import { invalid, notFound, Refusal } from '../../../kernel/errors.ts'
import { gathered } from '../../../kernel/gather.ts'
import type { Vault } from '../../../kernel/vault/vault.ts'
import { rawNamesOf, specOf } from '../jobs/document-check.ts'
import { documentOf, findJob, type JobRow } from '../jobs/jobs.store.ts'
import { ruleOf } from '../steps/step-types.ts'
import { batchesOf } from './batches.ts'
import { type BranchStep, describeMethod, planBranch, referenceTo } from './branch-plan.ts'
import { diffFromKept, diffFromSuccess, keep, type PlanBody } from './kept-plans.ts'
import { inOrder } from './order.ts'
import { breadthWarning, warningsOf } from './plan-warnings.ts'
import { findPlace, mostTargets } from './plans.store.ts'
import { readEarlierSteps } from './step-output.ts'
import { emptyOf, onlySecrets, type RunValues, settleValues } from './values.ts'

/** A plan with what its execution needs beyond what people see. */
export type WorkingPlan = {
  plan: PlanBody
  job: JobRow
  document: JobDocument
  values: RunValues
  targets: RunTarget[]
  /** What is put into commands unquoted: that is said in the audit trail. */
  rawNames: string[]
  /** Where the strategy takes targets at random: what gives this order again. */
  orderSeed: number
}

type Wanted = { targets?: string[] | undefined; parameters?: Values | undefined; orderSeed?: number }

type Ports = { assets: Pick<Assets, 'targets'>; vault: Pick<Vault, 'derive'> }

/** A branch that an executor has taken. */
type TakenBranch = { id: number; number: number; executionUuid: string; requestedBy: string }

export const createPlans = ({ assets, vault }: Ports) => {
  const hashKey = vault.derive('plan-hash')

  /** The targets that steps name for themselves. */
  const delegatesOf = async (ctx: Context, document: JobDocument): Promise<Map<string, RunTarget>> => {
    const delegates = new Map<string, RunTarget>()
    for (const [index, { target }] of document.steps.entries()) {
      if (target === undefined || delegates.has(target)) continue
      const [found] = (await assets.targets.forRun(ctx, [target])).found
      if (found === undefined)
        throw invalid([{ path: `steps.${index}.target`, message: `there is no target "${target}"` }])
      delegates.set(target, found)
    }
    return delegates
  }

  const targetsOf = async (
    ctx: Context,
    document: JobDocument,
    wanted: Wanted,
    delegates: ReadonlyMap<string, RunTarget>,
  ) => {
    const refs = wanted.targets ?? document.targets ?? []
    if (refs.length === 0) {
      // a job without targets runs once, on the target of its first step
      const first = document.steps[0]?.target
      const delegate = first === undefined ? undefined : delegates.get(first)
      if (delegate !== undefined) return [delegate]
      throw invalid([
        { path: 'targets', message: 'choose at least one target: neither the job nor its first step names one' },
      ])
    }
    const { found, missing } = await assets.targets.forRun(ctx, refs)
    if (missing.length > 0)
      throw invalid(missing.map((ref) => ({ path: 'targets', message: `there is no target "${ref}"` })))
    return found
  }

  /** Resolves everything a run of the job would need. Nothing is written and nothing reached out for. */
  const make = async (ctx: Context, job: JobRow, document: JobDocument, wanted: Wanted): Promise<WorkingPlan> => {
    const values = settleValues(document, wanted.parameters ?? {})
    const rawNames = permitRaw(ctx, document, wanted.parameters ?? {})
    const delegates = await delegatesOf(ctx, document)
    // the next execution's number: one that is planned and then started has the same order
    const { orderSeed = job.executionCount + 1 } = wanted
    const targets = inOrder(await targetsOf(ctx, document, wanted, delegates), document.strategy?.order, orderSeed)
    const batches = batchesOf(targets.length, document.strategy?.batches)
    const reference = { uuid: job.uuid, serial: job.serial, name: job.name, version: documentVersion(document) }
    // the hash goes over what is seen and, with a key of ours, over the secrets that are not
    const hash = createHmac('sha256', hashKey)
    hash.update(JSON.stringify([reference, Object.entries(onlySecrets(values))]))
    let planSize = 0
    const branches = targets.map((target, index): PlannedBranch => {
      const number = branchNumber(index + 1)
      const batch = batches[index] ?? 1
      const steps = planBranch({
        document,
        job: reference,
        target,
        branch: { number, batch },
        execution: { ref: null, uuid: null, number: null, requestedBy: ctx.actor.name },
        values,
        delegates,
      })
      const first = steps.find(({ method }) => method !== null)?.method ?? target.methods[0]
      if (first === undefined) throw invalid([{ path: 'targets', message: `${target.name} has no active method` }])
      const branch = {
        number,
        target: referenceTo(target),
        batch,
        method: describeMethod(first),
        credential: first.credential?.name ?? null,
        steps: steps.map(({ planned }) => planned),
      }
      const text = JSON.stringify(branch)
      planSize += text.length
      if (planSize > planLimit)
        throw invalid([
          { path: 'targets', message: 'the commands for so many targets are too long for one plan: choose fewer' },
        ])
      hash.update(text)
      return branch
    })
    return {
      plan: {
        hash: hash.digest('hex'),
        job: reference,
        branches,
        warnings: warningsOf(document, targets, branches, values),
      },
      job,
      document,
      values,
      targets,
      rawNames,
      orderSeed,
    }
  }

  /** Many branches begin in one moment: their targets are read together. */
  const findTarget = gathered<{ ctx: Context; uuid: string }, RunTarget | undefined>({
    keyOf: ({ ctx }) => ctx.db,
    handle: async (asks) => {
      const uuids = asks.map(({ uuid }) => uuid)
      const { found } = await assets.targets.forRun(asks[0].ctx, uuids)
      const byUuid = new Map(found.map((target) => [target.uuid, target]))
      return uuids.map((uuid) => byUuid.get(uuid))
    },
  })

  const findRunnable = async (ctx: Context, ref: string): Promise<JobRow> => {
    const job = await findJob(ctx.db, ref)
    if (job === undefined) throw notFound('job', ref)
    if (job.archivedAt !== null) throw new Refusal('conflict', `${job.name} is archived. Restore it before running it.`)
    return job
  }

  return {
    make,
    findRunnable,

    preview: async (ctx: Context, ref: string, wanted: RunRequest): Promise<Plan> => {
      permit(ctx, 'executions.start')
      const job = await findRunnable(ctx, ref)
      const document = documentOf(job)
      const { plan } = await make(ctx, job, document, wanted)
      const breadth = breadthWarning(plan.branches.length, await mostTargets(ctx.db, job.id))
      const sinceSuccess = await diffFromSuccess(ctx, job, document, plan)
      await keep(ctx, job.id, plan)
      return { ...plan, warnings: [...(breadth === null ? [] : [breadth]), ...plan.warnings], sinceSuccess }
    },

    /** @throws Refusal `plan_changed`, with what has changed, when this is not the plan that was asked for */
    holdTo: async (ctx: Context, { plan, job }: WorkingPlan, hash: string | undefined): Promise<void> => {
      if (hash === undefined || hash === plan.hash) return
      const diff = await diffFromKept(ctx, job.id, hash, plan)
      throw new Refusal(
        'plan_changed',
        'What would run now is not what was planned: the job, a value, a target or a credential has changed meanwhile. Look at the new plan.',
        diff === undefined ? {} : { diff },
      )
    },

    /** The target of a branch as it is now; undefined when it has been archived. */
    findTarget: (ctx: Context, uuid: string): Promise<RunTarget | undefined> => findTarget({ ctx, uuid }),

    /** The steps of one branch as they are to run now, but for what depends on earlier ones: that comes by `settle`. */
    forBranch: async (
      ctx: Context,
      branch: TakenBranch,
      target: RunTarget | undefined,
      job: { name: string; serial: string },
      document: JobDocument,
      values: RunValues,
    ): Promise<BranchStep[]> => {
      const delegates = await delegatesOf(ctx, document)
      if (target === undefined) throw invalid([{ path: 'targets', message: 'the target has been archived meanwhile' }])
      const place = asksForPlace(document) ? await findPlace(ctx.db, branch.id) : null
      return planBranch({
        document,
        job: { ...job, version: documentVersion(document) },
        target,
        branch: { number: branchNumber(branch.number), batch: place?.batch ?? null },
        execution: {
          ref: place === null ? null : `${job.serial}.${place.number}`,
          uuid: branch.executionUuid,
          number: place?.number ?? null,
          requestedBy: branch.requestedBy,
        },
        values,
        delegates,
      })
    },

    /**
     * A step with the results of the earlier ones that it uses: to be called when it is about to begin. What it gives is
     * what runs (`lookup`), what is shown (`planned.command`) and what is to be masked (`secrets`).
     *
     * @throws Refusal `invalid` when a value that it needs is not there or cannot be used
     */
    settle: async (ctx: Context, branch: { id: number }, work: BranchStep): Promise<BranchStep> =>
      work.uses.length === 0 ? work : work.withEarlier(await readEarlierSteps(ctx, branch.id, work.uses)),
  }
}

export type Plans = ReturnType<typeof createPlans>

/** 001, 002, … and as many digits as it takes. */
export const branchNumber = (number: number): string => String(number).padStart(3, '0')

const documentVersion = (document: JobDocument) => document.version ?? 1

/** Whether its texts need what an executor is not told with the branch. */
const asksForPlace = ({ steps }: JobDocument) =>
  steps.some((step) =>
    ruleOf(step)
      .read(step)
      .expressions.some(({ names }) =>
        names.some((name) => /^(?:branch\.batch|execution\.(?:ref|number))$/.test(name.join('.'))),
      ),
  )

/** The most a plan may hold, in UTF-16 units of JSON. */
const planLimit = 128 * 1024 * 1024

/**
 * Who gives a value of their own to a parameter that is put in unquoted writes a part of the command.
 *
 * @returns all parameters that are
 */
const permitRaw = (ctx: Context, document: JobDocument, given: Values): string[] => {
  const rawNames = rawNamesOf(document)
  const parameters = new Map(Object.entries(document.parameters ?? {}))
  const own = rawNames.filter((name) => {
    const parameter = parameters.get(name)
    if (!Object.hasOwn(given, name) || parameter === undefined) return false
    const { type, default: own = emptyOf(type) } = specOf(parameter)
    return given[name] !== own
  })
  if (own.length > 0) permit(ctx, 'jobs.raw')
  return rawNames
}
