import { performance } from 'node:perf_hooks'
import type { Context } from '../../../kernel/context.ts'
import { sleep } from '../../../kernel/sleep.ts'
import type { MeasuredStep, StepMetrics } from '../metrics/step-metrics.ts'
import type { OutputWriter } from '../output/writer.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import type { Plans } from '../plans/plans.ts'
import type { Claim } from './branch-claims.store.ts'
import type { BranchRecord } from './branch-record.ts'
import { Fenced, type Hold } from './leases.ts'
import { failuresOf, mayRunAgain, retryDelayMs } from './retries.ts'
import type { Asked } from './step-ask.ts'
import { guardOf, type StepPorts, type StepTry } from './step-link.ts'
import { asTimedOut, outcome, type StepOutcome } from './step-outcome.ts'
import { isBegun, type StepResultRow } from './step-results.store.ts'
import { neverBegan, runStep, takeOverStep } from './step-run.ts'
import { runWait } from './step-wait.ts'

export type StepTriesPorts = StepPorts & { plans: Plans; metrics: StepMetrics }

/** A branch in the hands of this executor. */
export type Run = {
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

/** The tries of a step: as many as its author allows, or the one moment that it waits for. */
export const createStepTries = (ports: StepTriesPorts) => {
  const { plans } = ports

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
    const { settled, mode } = ran
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
      if (written.isIncomplete && mode === 'detached') throw new Fenced()
      const outcome = came === 'never began' ? neverBegan() : came
      const collected = { ...written, collectMs: performance.now() - collectedFrom }
      const said = hold.isTimedOut() ? asTimedOut(outcome, branch.timeoutSec) : outcome
      isWritten = await record.finish(branch, work, step, { ...said, mode }, collected)
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
    let failures = failuresOf(rows)
    /** Waits between two tries. @returns how it ends when it is not tried again here */
    const pause = async (sinceMs: number): Promise<StepOutcome | 'left' | undefined> => {
      const interrupted = AbortSignal.any([hold.signal, hold.leaving])
      await sleep(Math.max(0, retryDelayMs(work.step, failures) - sinceMs), interrupted)
      if (hold.cancelled.aborted)
        return outcome({
          status: 'cancelled',
          cancelOutcome: 'stopped',
          message: 'Cancelled before it was tried again.',
        })
      return interrupted.aborted ? 'left' : undefined
    }
    if (latest !== undefined && latest.status !== 'ready' && begun === undefined) {
      // its holder was lost before it noted the next try
      const end = await pause(Date.now() - (latest.finishedAt?.getTime() ?? 0))
      if (end !== undefined) return end
      isAfterUnknown = false
      attempt++
      await record.ready(branch, [{ work, attempt }])
    }
    for (;;) {
      const came = await tryStep(ctx, run, work, attempt, begun, isAfterUnknown)
      if (came === 'left') return came
      if (came !== 'never began') {
        if (came.status === 'failed') failures++
        if (!mayRunAgain(work.step, came, failures)) return came
        const end = await pause(0)
        if (end !== undefined) return end
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

  return { runWithRetries, waitOnce }
}

const notMeasured = { method: null, waitMs: null, authenticateMs: null, collectMs: null, outputBytes: 0 }

const masked = (came: Asked, output: OutputWriter): Asked =>
  typeof came === 'string' || came.message === null ? came : { ...came, message: output.mask(came.message) }
