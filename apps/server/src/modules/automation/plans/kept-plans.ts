import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type { JobDocument, Plan, PlanDiff, PlannedStep } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { ruleOf, stepIdOf } from '../steps/step-types.ts'
import { type Comparable, diffPlans } from './plan-diff.ts'
import { findKeptPlan, findLastSuccess, keepPlan, selectPast } from './plans.store.ts'

/** A plan without what is said about history. */
export type PlanBody = Omit<Plan, 'sinceSuccess'>

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const params = { [constants.ZSTD_c_compressionLevel]: 1 }

/** Plans larger than this, compressed, are not kept: what changed in them cannot be told then, only that something did. */
const keptBytes = 4 * 1024 * 1024

export const keep = async (ctx: Context, jobId: number, plan: PlanBody): Promise<void> => {
  const bytes = await compress(JSON.stringify(comparable(plan)), { params })
  if (bytes.length <= keptBytes) await keepPlan(ctx.db, jobId, plan.hash, bytes)
}

/** What is different now from a plan that somebody saw; undefined when that one is not known any more. */
export const diffFromKept = async (
  ctx: Context,
  jobId: number,
  hash: string,
  now: PlanBody,
): Promise<PlanDiff | undefined> => {
  const kept = await findKeptPlan(ctx.db, jobId, hash)
  if (kept === undefined) return undefined
  const text = (await decompress(kept)).toString()
  return diffPlans(JSON.parse(text) as Comparable, comparable(now))
}

/** What is different from the last execution of the job that completed; null when none has. */
export const diffFromSuccess = async (
  ctx: Context,
  job: { id: number; serial: string },
  document: JobDocument,
  now: PlanBody,
): Promise<Plan['sinceSuccess']> => {
  const last = await findLastSuccess(ctx.db, job.id)
  if (last === undefined) return null
  const { branches, steps } = await selectPast(ctx.db, last.id)
  const stepsOf = Map.groupBy(steps, ({ branchId }) => branchId)
  const open = openSteps(now)
  const text = textsOf(last.document as unknown as JobDocument)
  const before: Comparable = {
    version: last.version,
    branches: branches.map(({ id, batch, ...branch }) => ({
      target: { uuid: branch.targetUuid, serial: branch.targetSerial, name: branch.targetName },
      batch,
      steps: (stepsOf.get(id) ?? []).map((step) => ({
        id: step.stepId,
        name: step.name,
        target: { uuid: step.targetUuid ?? '', serial: step.targetSerial ?? '', name: step.targetName ?? '' },
        method: step.method ?? '',
        credential: step.credential,
        command: open.has(step.stepId) ? (text.get(step.stepId) ?? step.command) : step.command,
        mode: step.mode,
        timeoutSec: null,
      })),
    })),
  }
  return {
    execution: {
      uuid: last.uuid,
      ref: `${job.serial}.${last.number}`,
      finishedAt: last.finishedAt?.toISOString() ?? null,
    },
    diff: diffPlans(before, comparableToHistory(now, textsOf(document))),
  }
}

const comparable = ({ job, branches }: PlanBody): Comparable => ({
  version: job.version,
  branches: branches.map(({ target, batch, steps }) => ({
    target,
    batch,
    steps: steps.map(({ id, name, target, method, credential, command, mode, timeoutSec }) => ({
      id,
      name,
      target,
      method: method === null ? '' : methodText(method),
      credential,
      command,
      mode,
      timeoutSec,
    })),
  })),
})

const methodText = ({ type, host, port, via = [] }: NonNullable<PlannedStep['method']>) =>
  `${type} ${host}${port > 0 ? `:${port}` : ''}${via.length > 0 ? ` via ${via.join(', ')}` : ''}`

/** History does not know addresses and limits; and commands that wait for a value are compared as their authors wrote them. */
const comparableToHistory = (plan: PlanBody, text: ReadonlyMap<string, string>): Comparable => {
  const open = openSteps(plan)
  return {
    version: plan.job.version,
    branches: plan.branches.map(({ target, batch, steps }) => ({
      target,
      batch,
      steps: steps.map((step) => ({
        id: step.id,
        name: step.name,
        target: step.target,
        method: step.method?.type ?? '',
        credential: step.credential,
        command: open.has(step.id) ? (text.get(step.id) ?? step.command) : step.command,
        mode: step.mode,
        timeoutSec: null,
      })),
    })),
  }
}

const openSteps = ({ branches }: PlanBody) =>
  new Set(branches.flatMap(({ steps }) => steps.filter(({ dependsOn }) => dependsOn.length > 0)).map(({ id }) => id))

const textsOf = ({ steps }: JobDocument) =>
  new Map(steps.map((step, index) => [stepIdOf(step, index), ruleOf(step).text(step)]))
