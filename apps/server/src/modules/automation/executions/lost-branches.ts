import type { Branch, ResolveRequest } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { type Context, permit, transaction } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { insertLogLines } from '../log/log.store.ts'
import { reviveBranch } from './branch-claims.store.ts'
import { endUnstopped } from './branch-ends.store.ts'
import { toBranch, updateBranch } from './branches.store.ts'
import type { Executions } from './executions.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'
import { endSteps, insertNextTry, selectSteps, settleStep, type StepResultRow } from './step-results.store.ts'

type Ports = { executions: Pick<Executions, 'findBranch'>; progress: Progress; queue: Queue }

const said: Record<ResolveRequest['as'], (who: string, step: string) => string> = {
  completed: (who, step) => `${who} says that ${step} has run.`,
  again: (who, step) => `${who} has ${step} run again.`,
  failed: (who) => `Given up by ${who}: nobody knows how its step ended.`,
}

/** Lost branches, and what a person says became of them. */
export const createLostBranches = ({ executions, progress, queue }: Ports) => {
  /** What can be known of the step is settled; then the branch goes on where it stood, or ends. */
  const settle = async (
    ctx: Context,
    branch: { id: number; priority: number },
    step: StepResultRow | undefined,
    message: string,
    as: ResolveRequest['as'],
    changeSeq: number,
  ) => {
    if (as === 'failed') {
      if (step !== undefined) await settleStep(ctx.db, step.id, { status: 'failed', message, changeSeq })
      await endSteps(ctx.db, [branch.id], ['ready'], { status: 'skipped', changeSeq })
      await updateBranch(ctx.db, branch.id, { status: 'failed', finishedAt: new Date(), message, changeSeq })
      return
    }
    if (step !== undefined && as === 'completed') {
      await settleStep(ctx.db, step.id, { status: 'completed', message, changeSeq })
    }
    if (step !== undefined && as === 'again') await insertNextTry(ctx.db, step)
    const revived = await reviveBranch(ctx.db, branch.id, changeSeq)
    if (revived !== undefined) {
      await queue.enqueue(ctx, queueOf('branch', revived.zone), [{ branch: revived.uuid }], branch.priority)
    }
  }

  /** Nobody will look any more whether the step has stopped. @returns false when an executor is about to */
  const giveUpStopping = async (
    ctx: Context,
    { branch, execution }: Awaited<ReturnType<Executions['findBranch']>>,
    message: string,
    changeSeq: number,
  ) => {
    const isTimedOut = execution.timedOutAt !== null
    const isEnded = await endUnstopped(ctx.db, branch.id, {
      ...(isTimedOut ? { status: 'failed', fault: 'timeout' } : { status: 'cancelled' }),
      cancelOutcome: 'unconfirmed',
      message,
      changeSeq,
    })
    if (!isEnded) return false
    await endSteps(ctx.db, [branch.id], ['running'], { status: 'unknown', message, changeSeq })
    await endSteps(ctx.db, [branch.id], ['ready'], { status: 'cancelled', changeSeq })
    return true
  }

  return {
    resolve: (ctx: Context, ref: string, number: number, { as, note }: ResolveRequest): Promise<Branch> => {
      permit(ctx, 'executions.resolve')
      return transaction(ctx, async (ctx) => {
        const { execution } = await executions.findBranch(ctx, ref, number)
        await store.lockExecution(ctx.db, execution.id)
        const found = await executions.findBranch(ctx, ref, number)
        const { branch } = found
        const name = `${execution.jobSerial}.${execution.number}`
        const nothingToSay = () =>
          new Refusal(
            'conflict',
            `Branch ${number} of ${name} is ${branch.status}, not lost: there is nothing to say about it.`,
          )
        // where an execution is to be stopped, only a branch with a begun step waits for an executor
        const isToBeStopped = branch.status === 'queued' && found.execution.cancelRequestedAt !== null
        if (branch.status !== 'lost' && !(isToBeStopped && as === 'failed')) throw nothingToSay()
        const changeSeq = await store.drawChange(ctx.db, execution.id)
        const steps = await selectSteps(ctx.db, { executionId: execution.id, branchId: branch.id }, 10_000)
        const step = steps.findLast(({ status }) => status === 'unknown' || (isToBeStopped && status === 'running'))
        const message = said[as](
          ctx.actor.name,
          step === undefined ? 'its step' : `step ${step.index + 1}, ${step.name},`,
        )
        if (!isToBeStopped)
          await settle(ctx, { id: branch.id, priority: execution.priority }, step, message, as, changeSeq)
        else if (!(await giveUpStopping(ctx, found, message, changeSeq))) throw nothingToSay()
        await store.noteAttention(ctx.db, execution.id)
        await insertLogLines(ctx.db, execution, [
          {
            branch: branch.number,
            phase: 'action_execution',
            level: 'warning',
            category: 'user',
            message,
            ...(note === undefined ? {} : { details: { note } }),
          },
        ])
        await audit(
          ctx,
          'branches.resolve',
          { kind: 'execution', uuid: execution.uuid, name },
          { branch: branch.number, target: branch.targetName, as, ...(note === undefined ? {} : { note }) },
        )
        await progress.advance(ctx, execution.id)
        return toBranch((await executions.findBranch(ctx, ref, number)).branch)
      })
    },
  }
}

export type LostBranches = ReturnType<typeof createLostBranches>
