import { TransportError } from '@opsconductor/transports'
import type { LogLine, StepResult, StepStatus } from '@opsconductor/contract'
import { type Context, transaction } from '../../../kernel/context.ts'
import { categoryOf } from '../log/fault-category.ts'
import { insertLogLines, type NewLogLine } from '../log/log.store.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import type { WaitAction } from '../steps/step-type-rule.ts'
import { awaitStage, type Claim, insertLateResult, requeueBranch } from './branch-claims.store.ts'
import type { BranchTask, BranchWrites } from './branch-writes.ts'
import { setAside } from './due.store.ts'
import * as store from './executions.store.ts'
import { Fenced } from './leases.ts'
import type { Progress } from './progress.ts'
import type { StepStart } from './held-steps.store.ts'
import type { Link } from './step-link.ts'
import { placeHashOf } from './step-place.ts'
import { asTimedOut, outcome as outcomeOf, type StepOutcome } from './step-outcome.ts'

export type Try = { index: number; attempt: number }
export type BranchEnd = {
  status: 'completed' | 'failed' | 'cancelled' | 'lost'
  outcome: StepOutcome | null
  message: string | null
}

/**
 * What is written down while a branch runs: each a short transaction that ends with the execution's change number, and
 * that a holder who has lost the branch cannot make.
 */
export const createBranchRecord = (
  ctx: Context,
  { progress, executor, writes }: { progress: Progress; executor: string; writes: BranchWrites },
) => {
  const line = (branch: Claim, message: string, rest: Partial<LogLine> = {}): NewLogLine => ({
    branch: branch.number,
    phase: rest.phase ?? 'action_execution',
    level: rest.level ?? 'info',
    category: rest.category ?? 'command_execution',
    message,
    ...(rest.details === undefined ? {} : { details: rest.details }),
  })

  const toEnding = (branch: Claim, { status, outcome, message }: BranchEnd) => ({
    end: {
      status,
      fault: outcome?.fault ?? null,
      message,
      cancelOutcome: outcome?.cancelOutcome ?? (status === 'cancelled' ? 'stopped' : null),
      isToBeAsked: status === 'lost' && outcome?.fault != null,
    },
    line: line(branch, `${branch.targetName} is ${status}${message === null ? '' : `: ${message}`}`, {
      phase: 'completion',
      level: status === 'completed' ? 'info' : status === 'cancelled' ? 'warning' : 'error',
      category: status === 'cancelled' ? 'user' : 'system',
    }),
  })

  /** @throws Fenced when this executor may not begin it; a TransportError when it was cancelled */
  const begun = async (branch: Claim, step: Try, change: StepStart['change'], lines: NewLogLine[]) => {
    const said = await writes.start(ctx, { branch, step, change, lines })
    if (said === 'cancelled') throw cancelledBeforeStart()
    if (said === 'fenced') throw new Fenced()
    progress.changed(ctx, branch.executionUuid)
  }

  return {
    /** @returns undefined when the branch does not wait any more */
    claim: async (task: BranchTask) => {
      const claim = await writes.claim(ctx, task)
      if (claim !== undefined) progress.changed(ctx, claim.executionUuid)
      return claim
    },

    ready: (branch: Claim, steps: readonly { work: BranchStep; attempt: number }[]) =>
      writes.ready(
        ctx,
        steps.map(({ work, attempt }) => toReady(branch, work, attempt)),
      ),

    begin: (
      branch: Claim,
      work: BranchStep,
      step: Try,
      { method, connectMs, authenticateMs }: Link,
      waitMs: number,
    ) => {
      const { name, target, id, command } = work.planned
      const at = method.port > 0 ? `${method.host}:${method.port}` : method.host
      const credential = method.credential?.name ?? null
      const over = { method: method.type, credential, placeHash: placeHashOf(work.target, method) }
      const change = { executor, waitMs, connectMs, authenticateMs, command, ...over }
      return begun(branch, step, change, [
        line(branch, `Connected to ${target.name} by ${method.type} (${at}).`, {
          phase: 'communication',
          category: 'communication',
          details: { connectMs: Math.round(connectMs) },
        }),
        line(branch, `Step ${step.index + 1}, ${name}, began.`, { details: { step: id, try: step.attempt } }),
      ])
    },

    /** A step that waits: until when is written down by the database's clock. */
    beginWait: (branch: Claim, work: BranchStep, step: Try, wait: WaitAction) => {
      const { name, id, command } = work.planned
      return begun(branch, step, { executor, command, due: wait }, [
        line(branch, `Step ${step.index + 1}, ${name}, began: ${command}.`, {
          category: 'system',
          details: { step: id },
        }),
      ])
    },

    /** Something that somebody who looks for the reason will want to know. */
    note: (branch: Claim, message: string) =>
      transaction(ctx, async (ctx) => {
        const place = { id: branch.executionId, day: branch.day }
        await insertLogLines(ctx.db, place, [
          line(branch, message, { level: 'warning', phase: 'communication', category: 'communication' }),
        ])
        progress.changed(ctx, branch.executionUuid)
      }),

    /** @returns false when it comes too late: somebody else has the branch */
    finish: async (
      branch: Claim,
      work: BranchStep,
      step: Try,
      outcome: StepOutcome & { mode?: StepResult['mode'] },
      output: { bytes: number; isTruncated: boolean; isIncomplete: boolean; collectMs: number },
    ): Promise<boolean> => {
      const { status, mode, exitCode, signal, fault, message, copied, runMs, connectMs } = outcome
      const change = {
        status: status satisfies StepStatus,
        exitCode,
        signal,
        fault,
        message,
        ...(copied === undefined ? {} : { copied }),
        ...(mode === undefined ? {} : { mode }),
        runMs,
        connectMs,
        collectMs: output.collectMs,
        outputBytes: output.bytes,
        isOutputTruncated: output.isTruncated,
        isOutputIncomplete: output.isIncomplete,
      }
      const lines = [
        fault === null
          ? line(branch, `Step ${step.index + 1}, ${work.planned.name}: ${message ?? 'completed.'}`, {
              phase: 'result_collection',
              level: status === 'completed' ? 'info' : 'warning',
              category: status === 'cancelled' ? 'user' : 'command_execution',
              details: {
                ...(copied === undefined ? { exitCode } : { copied }),
                outputBytes: output.bytes,
                runMs: Math.round(runMs ?? 0),
              },
            })
          : line(branch, `Step ${step.index + 1}, ${work.planned.name}: ${message ?? fault}`, {
              ...categoryOf(fault),
              level: 'error',
              details: { fault },
            }),
      ]
      const isOurs = await writes.finish(ctx, { branch, step, change, lines })
      if (isOurs) progress.changed(ctx, branch.executionUuid)
      return isOurs
    },

    /** A result that came too late changes nothing. */
    keepAsEvidence: (branch: Claim, step: Try, outcome: StepOutcome) =>
      insertLateResult(ctx.db, branch, JSON.stringify({ step, outcome })),

    end: (branch: Claim, end: BranchEnd) =>
      writes.end(ctx, {
        branch,
        plain: toEnding(branch, end),
        byCancel: toEnding(branch, endStopped(end)),
        byTime: toEnding(branch, endTimedOut(branch, endStopped(end))),
      }),

    /** Nothing has begun that has not ended: another executor may go on. */
    giveBack: (branch: Claim, enqueue: (ctx: Context) => Promise<void>) =>
      transaction(ctx, async (ctx) => {
        const changeSeq = await store.drawChange(ctx.db, branch.executionId)
        if (await requeueBranch(ctx.db, branch, changeSeq)) await enqueue(ctx)
      }),

    /** In lock-step: the others of its batch come first. @returns false when it is lost, or to be stopped */
    awaitStage: (branch: Claim, nextStep: number): Promise<boolean> =>
      transaction(ctx, async (ctx) => {
        const changeSeq = await store.drawChange(ctx.db, branch.executionId)
        const waits = await awaitStage(ctx.db, branch, nextStep, changeSeq)
        if (waits) await progress.advance(ctx, branch.executionId)
        return waits
      }),

    /** Its step waits for a moment that is not near: nobody holds it until then. */
    setAside: (branch: Claim) =>
      transaction(ctx, async (ctx) => {
        const changeSeq = await store.drawChange(ctx.db, branch.executionId)
        await setAside(ctx.db, branch, changeSeq)
        progress.changed(ctx, branch.executionUuid)
      }),
  }
}

/** Where the execution is to be stopped, nobody will be asked what became of a lost branch: it is given up. */
const endStopped = (end: BranchEnd): BranchEnd =>
  end.status === 'lost'
    ? {
        status: 'cancelled',
        outcome: outcomeOf({ status: 'cancelled', cancelOutcome: 'unconfirmed', message: end.message }),
        message: end.message,
      }
    : end

const endTimedOut = ({ timeoutSec }: Claim, { outcome, message }: BranchEnd): BranchEnd => {
  const stopped = outcome ?? outcomeOf({ status: 'cancelled', cancelOutcome: 'stopped', message })
  const came = asTimedOut(stopped, timeoutSec)
  return { status: 'failed', outcome: came, message: came.message }
}

/** Between steps nothing tells the executor at once; the database does when the next one is to begin. */
const cancelledBeforeStart = () =>
  new TransportError('cancelled', 'command', 'Cancelled before the step began.', { started: false })

export type BranchRecord = ReturnType<typeof createBranchRecord>

export const toReady = (
  branch: { id: number; executionId: number; attempt: number },
  { index, planned }: BranchStep,
  attempt: number,
) => ({
  branchId: branch.id,
  executionId: branch.executionId,
  index,
  attempt,
  stepId: planned.id,
  name: planned.name,
  type: planned.type,
  branchAttempt: branch.attempt,
  mode: planned.mode,
  command: planned.command,
  targetUuid: planned.target.uuid,
  targetSerial: planned.target.serial,
  targetName: planned.target.name,
  method: planned.method?.type ?? null,
  credential: planned.credential,
})
