import { performance } from 'node:perf_hooks'
import type { Assets } from '../../assets/index.ts'
import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { sleep } from '../../../kernel/sleep.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { type Vault, VaultError } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { createMatchers } from '../output/matchers.ts'
import { type OutputWriter, openOutputWriter } from '../output/writer.ts'
import type { MeasuredStep, StepMetrics } from '../metrics/step-metrics.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import type { Plans } from '../plans/plans.ts'
import { documentOf } from '../jobs/jobs.store.ts'
import type { Claim } from './branch-claims.store.ts'
import { type BranchEnd, type BranchRecord, createBranchRecord } from './branch-record.ts'
import { Fenced, type Hold, type Interruption, type Leases } from './leases.ts'
import type { Progress } from './progress.ts'
import { openValues } from './sealed-parameters.ts'
import { mayRunAgain, retryDelayMs } from './retries.ts'
import { selectSteps, type StepResultRow } from './step-results.store.ts'
import type { Asked } from './step-ask.ts'
import { guardOf, type StepTry } from './step-link.ts'
import { asTimedOut, outcome, outcomeOfRow, type StepOutcome } from './step-outcome.ts'
import { neverBegan, runStep, takeOverStep } from './step-run.ts'
import { runWait } from './step-wait.ts'

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
  unreachableSec: number
  outputLimitBytes: number
  filesDirectory: string | undefined
  metrics: StepMetrics
}

/** A branch in the hands of this executor. */
type Run = {
  branch: Claim
  /** The steps are written down as ready; nothing begins before. */
  ready: Promise<void>
  steps: BranchStep[]
  /** After each step the other branches of its batch are waited for. */
  isLockStep: boolean
  /** How long it waited for this executor, in milliseconds; 0 once that is written down with a step. */
  waitMs: number
  secrets: string[]
  hold: Hold
  output: OutputWriter
  record: BranchRecord
}

/** What waits in the queue of a zone: a branch; and its target, so that it can be read while the branch is taken. */
export type BranchTask = { branch: string; target?: string }

/**
 * The branch is let go of without being at its end. `left`: others go on from here; `aside`: its step waits for a moment;
 * `nextStep`: in lock-step, others come first.
 */
type Interlude = 'left' | 'aside' | { nextStep: number }

/** The task: takes the branch, runs its steps one after the other, and says how it ended. */
export const createBranchRun = (ports: BranchRunPorts) => {
  const { plans, vault, progress, leases, wake } = ports
  const matcherOf = createMatchers()

  const prepare = async (
    ctx: Context,
    record: BranchRecord,
    branch: Claim,
    hold: Hold,
    target = plans.findTarget(ctx, branch.targetUuid),
  ): Promise<Run> => {
    const values = openValues(vault, { ...branch, uuid: branch.executionUuid })
    const job = { name: branch.jobName, serial: branch.jobSerial }
    const document = documentOf(branch)
    const steps = await plans.forBranch(ctx, branch, await target, job, document, values)
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
      matcherOf,
      stored: () => wake.announce(topics.execution(branch.executionUuid)),
    })
    const secrets = [...values.secretNames].map((name) => String(values.values[name]))
    const isLockStep = document.strategy?.pace === 'lock_step'
    return { branch, ready, steps, isLockStep, waitMs: branch.waitMs, secrets, hold, output, record }
  }

  /** One try of a step, from "ready" to its result; or from where a former holder of the branch has left it. */
  const tryStep = async (
    ctx: Context,
    run: Run,
    planned: BranchStep,
    attempt: number,
    begun: StepResultRow | undefined,
    isAfterUnknown: boolean,
  ): Promise<Asked> => {
    const { branch, record, output, hold } = run
    // what has begun is what it is
    const work = begun === undefined ? await plans.settle(ctx, branch, planned) : planned
    const step = { index: work.index, attempt }
    let over: Pick<MeasuredStep, 'method' | 'authenticateMs' | 'waitMs'> = {
      method: begun?.method ?? null,
      authenticateMs: begun?.authenticateMs ?? null,
      waitMs: begun?.waitMs ?? null,
    }
    const stepTry: StepTry = {
      work,
      guard: guardOf(branch, step),
      former: isAfterUnknown ? guardOf(branch, { ...step, attempt: attempt - 1 }) : undefined,
      execution: { uuid: branch.executionUuid, requestedBy: branch.requestedBy },
      output,
      hold,
      secrets: [...run.secrets, ...work.secrets],
      begin: async (link, work) => {
        await run.ready
        over = { method: link.method.type, authenticateMs: link.authenticateMs, waitMs: run.waitMs }
        await record.begin(branch, work, step, link, run.waitMs)
        run.waitMs = 0 // the steps behind it have their executor
      },
      note: (message) => record.note(branch, output.mask(message)),
    }
    const ran =
      begun === undefined ? await runStep(ctx, ports, stepTry) : await takeOverStep(ctx, ports, stepTry, begun)
    const { settled } = ran
    // what a target said while it failed may hold a secret
    const came = masked(ran.came, output)
    let isWritten = false
    try {
      await run.ready
      const collectedFrom = performance.now()
      // what may go on goes on from here, in the middle of a line or of something that is to be masked
      const isOver = came !== 'left' && came !== 'never began' && came.status !== 'unknown'
      const written = isOver ? await output.endStep() : await output.leaveStep()
      if (came === 'left') return came
      // what a detached command wrote is still on its target: whoever holds the branch next takes it from there
      if (written.isIncomplete && work.planned.mode === 'detached') throw new Fenced()
      const outcome = came === 'never began' ? neverBegan() : came
      const collected = { ...written, collectMs: performance.now() - collectedFrom }
      const said = hold.isTimedOut() ? asTimedOut(outcome, branch.timeoutSec) : outcome
      isWritten = await record.finish(branch, work, step, said, collected)
      if (isWritten) {
        const { collectMs, bytes } = collected
        ports.metrics.step({ type: work.step.type, ...said, ...over, collectMs, outputBytes: bytes })
        return came
      }
      await record.keepAsEvidence(branch, step, outcome)
      throw new Fenced()
    } finally {
      await settled(isWritten)
    }
  }

  /** A step with its retries. A step that may have run and cannot be asked is run again only where its author allows. */
  const runWithRetries = async (
    ctx: Context,
    run: Run,
    work: BranchStep,
    rows: readonly StepResultRow[],
  ): Promise<StepOutcome | 'left'> => {
    const { hold, record, branch } = run
    const latest = rows.at(-1)
    let begun = latest !== undefined && isBegun(latest) ? latest : undefined
    let attempt = latest?.attempt ?? 1
    let isAfterUnknown = begun === undefined && rows.at(-2)?.status === 'unknown'
    let failures = rows.filter(({ status }) => status === 'failed').length
    for (;;) {
      const came = await tryStep(ctx, run, work, attempt, begun, isAfterUnknown)
      if (came === 'left') return came
      if (came !== 'never began') {
        if (came.status === 'failed') failures++
        if (!mayRunAgain(work.step, came, failures)) return came
        await sleep(retryDelayMs(work.step, failures), hold.signal)
        if (hold.signal.aborted) return came
      } else if (hold.cancelled.aborted) {
        return outcome({ status: 'cancelled', cancelOutcome: 'stopped', message: 'Cancelled before it began.' })
      }
      isAfterUnknown = came !== 'never began' && came.status === 'unknown'
      begun = undefined
      attempt++
      await record.ready(branch, [{ work, attempt }])
    }
  }

  /** A step that waits; its moment is the same for whoever has the branch. */
  const waitOnce = async (ctx: Context, run: Run, planned: BranchStep, latest: StepResultRow | undefined) => {
    await run.ready
    const isBegun = latest?.status === 'running'
    const work = isBegun ? planned : await plans.settle(ctx, run.branch, planned)
    const came = await runWait(ctx, run, work, { index: work.index, attempt: latest?.attempt ?? 1 }, isBegun)
    if (typeof came !== 'string') ports.metrics.step({ ...notMeasured, type: work.step.type, ...came })
    return came
  }

  const runSteps = async (ctx: Context, run: Run): Promise<BranchEnd | Interlude> => {
    const { branch, hold, isLockStep } = run
    // where nobody was before, nothing has happened
    const rows =
      branch.attempt === 1
        ? []
        : await selectSteps(ctx.db, { executionId: branch.executionId, branchId: branch.id }, 10_000)
    let failed: StepOutcome | null = null
    for (const work of run.steps) {
      const tries = rows.filter(({ index }) => index === work.index)
      const latest = tries.at(-1)
      // what a former holder has begun is seen to, even to stop it
      if (latest === undefined || !isBegun(latest)) {
        if (hold.signal.aborted) return interrupted(hold.signal.reason as Interruption, null)
        if (hold.leaving.aborted) return 'left'
      }
      // what a former holder has brought to an end stays as it ended
      const isOver = latest !== undefined && latest.status !== 'ready' && !isBegun(latest)
      const came = isOver
        ? outcomeOfRow(latest)
        : work.method === null
          ? await waitOnce(ctx, run, work, latest)
          : await runWithRetries(ctx, run, work, tries)
      if (came === 'left' || came === 'aside') return came
      switch (came.status) {
        case 'completed':
          break
        case 'skipped':
          break
        case 'cancelled':
          return interrupted((hold.stop.reason ?? 'cancelled') as Interruption, came)
        case 'unknown':
          return { status: 'lost', outcome: came, message: came.message }
        case 'failed':
          failed = came
          if (work.step.onError !== 'continue')
            return { status: 'failed', outcome: came, message: `${work.planned.name}: ${came.message ?? 'failed'}` }
      }
      if (isLockStep && !isOver && work !== run.steps.at(-1)) return { nextStep: work.index + 1 }
    }
    return failed === null
      ? { status: 'completed', outcome: null, message: null }
      : { status: 'failed', outcome: failed, message: failed.message }
  }

  return async (ctx: Context, task: BranchTask): Promise<void> => {
    const record = createBranchRecord(ctx, { progress, executor: ports.executor, leaseSec: ports.leaseSec })
    const target = task.target === undefined ? undefined : plans.findTarget(ctx, task.target)
    target?.catch(() => {}) // heard where it is waited for, if the branch is ours
    const branch = await record.claim(task.branch)
    if (branch === undefined) return
    const { executionUuid } = branch
    const hold = leases.hold(branch)
    // heard in every gap, too: the database says whether it was cancelled
    const stopHearing = wake.hear(topics.cancel(executionUuid), leases.look)
    try {
      const run = await prepare(ctx, record, branch, hold, target)
      const end = await runSteps(ctx, run)
      if (end === 'aside') return await record.setAside(branch)
      if (end !== 'left' && 'nextStep' in end) return await record.awaitStage(branch, end.nextStep)
      if (end !== 'left') {
        await record.end(branch, end)
        return ports.metrics.branch(branch.targetName, end.status)
      }
      if (hold.leaving.reason !== 'stopping') throw new Fenced()
      await record.giveBack(branch, (ctx) =>
        ports.queue.enqueue(ctx, queueOf('branch', ports.zone), [{ branch: branch.uuid }], branch.priority),
      )
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

const notMeasured = { method: null, waitMs: null, authenticateMs: null, collectMs: null, outputBytes: 0 }

/** It has begun on its target, and nobody has seen its end. */
const isBegun = ({ status }: { status: string }) => status === 'running' || status === 'unknown'

const interrupted = (because: Interruption, outcome: StepOutcome | null): BranchEnd | 'left' => {
  switch (because) {
    case 'fenced':
      throw new Fenced()
    case 'stopping':
      return outcome === null
        ? 'left'
        : {
            status: 'failed',
            outcome,
            message: 'The executor was stopped while the step ran, and stopped it on the target.',
          }
    case 'cancelled':
      return { status: 'cancelled', outcome, message: outcome?.message ?? 'Cancelled before the next step began.' }
  }
}

const masked = (came: Asked, output: OutputWriter): Asked =>
  typeof came === 'string' || came.message === null ? came : { ...came, message: output.mask(came.message) }
