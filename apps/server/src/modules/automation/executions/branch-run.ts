import { performance } from 'node:perf_hooks'
import type { Assets } from '../../assets/index.ts'
import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { type Vault, VaultError } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { type OutputWriter, openOutputWriter } from '../output/writer.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import type { Plans } from '../plans/plans.ts'
import { documentOf } from '../jobs/jobs.store.ts'
import type { Claim } from './branch-claims.store.ts'
import { type BranchEnd, type BranchRecord, createBranchRecord } from './branch-record.ts'
import { Fenced, type Hold, type Interruption, type Leases } from './leases.ts'
import type { Progress } from './progress.ts'
import { openValues } from './sealed-parameters.ts'
import { selectSteps } from './step-results.store.ts'
import { outcomeOfRow, runStep, type StepOutcome } from './step-run.ts'

export type BranchRunPorts = {
  plans: Plans
  vault: Vault
  progress: Progress
  connections: Assets['connections']
  leases: Leases
  queue: Queue
  wake: Wake
  executor: string
  zone: string
  leaseSec: number
  outputLimitBytes: number
}

/** A branch in the hands of this executor. */
type Run = {
  branch: Claim
  /** The steps are written down as ready; nothing begins before. */
  ready: Promise<void>
  steps: BranchStep[]
  secrets: string[]
  hold: Hold
  output: OutputWriter
  record: BranchRecord
}

/** The task `{ branch: uuid }`: takes the branch, runs its steps one after the other, and says how it ended. */
export const createBranchRun = (ports: BranchRunPorts) => {
  const { plans, vault, progress, leases, wake } = ports

  const prepare = async (ctx: Context, record: BranchRecord, branch: Claim, hold: Hold): Promise<Run> => {
    const values = openValues(vault, { ...branch, uuid: branch.executionUuid })
    const job = { name: branch.jobName, serial: branch.jobSerial }
    const steps = await plans.forBranch(ctx, branch, job, documentOf(branch), values)
    const ready = record.ready(
      branch,
      steps.map((work) => ({ work, attempt: 1 })),
    )
    ready.catch(() => {}) // heard where it is waited for
    const output = await openOutputWriter({
      db: ctx.db,
      log: ctx.log,
      place: { branchId: branch.id, day: branch.day },
      attempt: branch.attempt,
      isHeld: hold.isHeld,
      limitBytes: ports.outputLimitBytes,
      stored: () => wake.announce(topics.execution(branch.executionUuid)),
    })
    const secrets = [...values.secretNames].map((name) => String(values.values[name]))
    return { branch, ready, steps, secrets, hold, output, record }
  }

  /** One try of a step, from "ready" to its result. */
  const tryStep = async (ctx: Context, run: Run, work: BranchStep, attempt: number): Promise<StepOutcome> => {
    const { branch, record, output, hold } = run
    const step = { index: work.index, attempt }
    const outcome = await runStep(ctx, ports, {
      work,
      execution: { uuid: branch.executionUuid, requestedBy: branch.requestedBy },
      output,
      hold,
      secrets: run.secrets,
      begin: async (connectMs) => {
        await run.ready
        await record.begin(branch, work, step, connectMs)
      },
    })
    await run.ready
    const collectedFrom = performance.now()
    const written = await output.endStep()
    const collected = { ...written, collectMs: performance.now() - collectedFrom }
    if (!(await record.finish(branch, work, step, outcome, collected))) {
      await record.keepAsEvidence(branch, step, outcome)
      throw new Fenced()
    }
    return outcome
  }

  /** A step with its retries. A step that may have run and cannot be asked is never run again on its own. */
  const runWithRetries = async (
    ctx: Context,
    run: Run,
    work: BranchStep,
    firstAttempt: number,
  ): Promise<StepOutcome> => {
    for (let attempt = firstAttempt; ; attempt++) {
      const outcome = await tryStep(ctx, run, work, attempt)
      const isLast = attempt - firstAttempt >= (work.step.retries ?? 0)
      // what a time-out could not stop may still run: a second one must not start beside it
      const isOver = outcome.cancelOutcome === null || outcome.cancelOutcome === 'stopped'
      if (outcome.status !== 'failed' || isLast || !isOver || run.hold.signal.aborted) return outcome
      await run.record.ready(run.branch, [{ work, attempt: attempt + 1 }])
    }
  }

  const runSteps = async (ctx: Context, run: Run): Promise<BranchEnd> => {
    const { branch } = run
    // where nobody was before, nothing has happened
    const rows =
      branch.attempt === 1
        ? []
        : await selectSteps(ctx.db, { executionId: branch.executionId, branchId: branch.id }, 10_000)
    let failed: StepOutcome | null = null
    for (const work of run.steps) {
      const latest = rows.findLast(({ index }) => index === work.index)
      if (run.hold.signal.aborted) return interrupted(run.hold.signal.reason as Interruption, null)
      // what a former holder has brought to an end stays as it ended
      const outcome =
        latest === undefined || latest.status === 'ready'
          ? await runWithRetries(ctx, run, work, latest?.attempt ?? 1)
          : outcomeOfRow(latest)
      switch (outcome.status) {
        case 'completed':
          break
        case 'cancelled':
          return interrupted((run.hold.signal.reason ?? 'cancelled') as Interruption, outcome)
        case 'unknown':
          return { status: 'lost', outcome, message: outcome.message }
        case 'failed':
          failed = outcome
          if (work.step.onError !== 'continue')
            return { status: 'failed', outcome, message: `${work.planned.name}: ${outcome.message ?? 'failed'}` }
      }
    }
    return failed === null
      ? { status: 'completed', outcome: null, message: null }
      : { status: 'failed', outcome: failed, message: failed.message }
  }

  return async (ctx: Context, task: { branch: string }): Promise<void> => {
    const record = createBranchRecord(ctx, { progress, executor: ports.executor, leaseSec: ports.leaseSec })
    const branch = await record.claim(task.branch)
    if (branch === undefined) return
    const { executionUuid } = branch
    const hold = leases.hold({ id: branch.id, attempt: branch.attempt, executionUuid })
    const stopHearing = wake.hear(topics.cancel(executionUuid), () => leases.interrupt(executionUuid, 'cancelled'))
    try {
      const run = await prepare(ctx, record, branch, hold)
      const end = await runSteps(ctx, run)
      if (isUntouched(end) && hold.signal.reason === 'stopping') {
        await record.giveBack(branch, (ctx) =>
          ports.queue.enqueue(ctx, queueOf('branch', ports.zone), [{ branch: branch.uuid }]),
        )
      } else await record.end(branch, end)
    } catch (error) {
      if (error instanceof Fenced)
        return ctx.log.warn({ branch: branch.uuid, attempt: branch.attempt }, 'this executor has lost the branch')
      if (!(error instanceof Refusal) && !(error instanceof VaultError)) throw error
      // what was planned cannot run any more: a target was archived, an attribute removed, the master key taken away
      await record.end(branch, { status: 'failed', outcome: null, message: error.message })
    } finally {
      stopHearing()
      hold.release()
    }
  }
}

/** Interrupted where nothing was running on the target. */
const isUntouched = (end: BranchEnd) => end.status === 'cancelled' && end.outcome === null

const interrupted = (because: Interruption, outcome: StepOutcome | null): BranchEnd => {
  switch (because) {
    case 'fenced':
      throw new Fenced()
    case 'stopping':
      return outcome === null
        ? { status: 'cancelled', outcome, message: null }
        : {
            status: 'failed',
            outcome,
            message: 'The executor was stopped while the step ran, and stopped it on the target.',
          }
    case 'cancelled':
      return { status: 'cancelled', outcome, message: outcome?.message ?? 'Cancelled before the next step began.' }
  }
}
