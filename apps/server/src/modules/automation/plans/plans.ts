import { createHash } from 'node:crypto'
import type { JobDocument, Plan, PlannedBranch, RunRequest, Values } from '@opsconductor/contract'
import type { Assets, RunTarget } from '../../assets/index.ts'
import { type Context, permit } from '../../../kernel/context.ts'
import { invalid, notFound, Refusal } from '../../../kernel/errors.ts'
import { documentOf, findJob, type JobRow } from '../jobs/jobs.store.ts'
import { batchesOf } from './batches.ts'
import { type BranchStep, describeMethod, planBranch, referenceTo } from './branch-plan.ts'
import { inOrder } from './order.ts'
import { type RunValues, settleValues } from './values.ts'

/** A plan with what its execution needs beyond what people see. */
export type WorkingPlan = {
  plan: Plan
  job: JobRow
  document: JobDocument
  values: RunValues
  targets: RunTarget[]
  /** Where the strategy takes targets at random: what gives this order again. */
  orderSeed: number
}

type Wanted = { targets?: string[] | undefined; parameters?: Values | undefined; orderSeed?: number }

export const createPlans = ({ assets }: { assets: Pick<Assets, 'targets'> }) => {
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
    const delegates = await delegatesOf(ctx, document)
    // the next execution's number: one that is planned and then started has the same order
    const { orderSeed = job.executionCount + 1 } = wanted
    const targets = inOrder(await targetsOf(ctx, document, wanted, delegates), document.strategy?.order, orderSeed)
    const batches = batchesOf(targets.length, document.strategy?.batches)
    const branches = targets.map((target, index): PlannedBranch => {
      const number = branchNumber(index + 1)
      const steps = planBranch({ document, job, target, branch: number, values, delegates })
      const first = steps[0]?.method ?? target.methods[0]
      if (first === undefined) throw invalid([{ path: 'targets', message: `${target.name} has no active method` }])
      return {
        number,
        target: referenceTo(target),
        batch: batches[index] ?? 1,
        method: describeMethod(first),
        credential: first.credential?.name ?? null,
        steps: steps.map(({ planned }) => planned),
      }
    })
    const reference = { uuid: job.uuid, serial: job.serial, name: job.name, version: documentVersion(document) }
    const hash = createHash('sha256')
      .update(JSON.stringify([reference, branches, [...values.secretNames]]))
      .digest('hex')
    return {
      plan: { hash, job: reference, branches, warnings: warningsOf(document, targets, branches, values) },
      job,
      document,
      values,
      targets,
      orderSeed,
    }
  }

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
      return (await make(ctx, job, documentOf(job), wanted)).plan
    },

    /** The steps of one branch as they are to run now. */
    forBranch: async (
      ctx: Context,
      branch: { targetUuid: string; number: number },
      job: { name: string; serial: string },
      document: JobDocument,
      values: RunValues,
    ): Promise<BranchStep[]> => {
      const delegates = await delegatesOf(ctx, document)
      const [target] = (await assets.targets.forRun(ctx, [branch.targetUuid])).found
      if (target === undefined) throw invalid([{ path: 'targets', message: 'the target has been archived meanwhile' }])
      return planBranch({ document, job, target, branch: branchNumber(branch.number), values, delegates })
    },
  }
}

export type Plans = ReturnType<typeof createPlans>

/** 001, 002, … and as many digits as it takes. */
export const branchNumber = (number: number): string => String(number).padStart(3, '0')

const documentVersion = (document: JobDocument) => document.version ?? 1

const warningsOf = (
  document: JobDocument,
  targets: readonly RunTarget[],
  branches: readonly PlannedBranch[],
  values: RunValues,
) => {
  const warnings = targets
    .filter(({ status }) => status !== 'active')
    .map(({ name, status }) => `${name} is ${status === 'maintenance' ? 'in maintenance' : 'inactive'}.`)
  const withoutCredential = branches.filter(({ credential, method }) => credential === null && method.type !== 'local')
  for (const { target } of withoutCredential) warnings.push(`${target.name} has no credential for its method.`)
  const secretInArguments = document.steps.filter((step) => {
    const text = step.type === 'ssh.script' ? step.script : step.command
    return [...values.secretNames].some((name) =>
      new RegExp(`^\\s*(?!printf|echo|read|:)[\\w./-]+ .*\\{\\{\\s*${name}\\s*\\}\\}`, 'm').test(text),
    )
  })
  for (const step of secretInArguments) {
    warnings.push(
      `${step.name ?? step.type}: a secret stands among the arguments of a program, where other users of the target may see it. Hand it over by standard input where the program allows it.`,
    )
  }
  return warnings
}
