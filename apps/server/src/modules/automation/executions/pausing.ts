import type { Execution } from '@opsconductor/contract'
import { isFinalExecution } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { type Context, permit, transaction } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import type { Publish } from '../../../kernel/facts/facts.ts'
import { insertLogLines } from '../log/log.store.ts'
import { lookAhead, takeBackUnbegun } from './branch-release.store.ts'
import * as store from './executions.store.ts'
import type { Progress } from './progress.ts'

type Ports = {
  progress: Progress
  publish: Publish
  find: (ctx: Context, ref: string) => Promise<store.ExecutionRow>
}

/** A person holds an execution, or lets it go on. While it is paused it leaves its place to others. */
export const createPausing = ({ progress, publish, find }: Ports) => {
  const note = async (ctx: Context, action: 'pause' | 'continue', found: store.ExecutionRow, message: string) => {
    await insertLogLines(ctx.db, found, [
      { branch: null, phase: 'action_execution', level: 'info', category: 'user', message },
    ])
    await audit(ctx, `executions.${action}`, {
      kind: 'execution',
      uuid: found.uuid,
      name: `${found.jobSerial}.${found.number}`,
    })
  }

  return {
    /** Nothing more begins; branches that have begun run to their end. */
    pause: (ctx: Context, ref: string): Promise<Execution> => {
      permit(ctx, 'executions.pause')
      return transaction(ctx, async (ctx) => {
        const found = await find(ctx, ref)
        const execution = await store.lockExecution(ctx.db, found.id)
        if (isFinalExecution(execution.status as Execution['status']))
          throw new Refusal('conflict', 'This execution has ended: there is nothing to pause.')
        if (execution.cancelRequestedAt !== null)
          throw new Refusal('conflict', 'This execution is being cancelled, and begins nothing more.')
        if (execution.status === 'paused') return store.toExecution(await find(ctx, found.uuid))
        await takeBackUnbegun(ctx.db, execution.id, await store.drawChange(ctx.db, execution.id))
        await store.updateExecution(ctx.db, execution.id, {
          status: 'paused',
          pausedAt: new Date(),
          pausedBy: ctx.actor.name,
        })
        await note(
          ctx,
          'pause',
          found,
          `${ctx.actor.name} paused the execution: what runs ends, and nothing more begins.`,
        )
        await publish(ctx, 'execution.paused', execution.uuid, { by: ctx.actor.name })
        await progress.advance(ctx, execution.id)
        await progress.admit(ctx)
        return store.toExecution(await find(ctx, found.uuid))
      })
    },

    /** It waits for a place like any other, before those that came later. */
    continue: (ctx: Context, ref: string): Promise<Execution> => {
      permit(ctx, 'executions.pause')
      return transaction(ctx, async (ctx) => {
        const found = await find(ctx, ref)
        const execution = await store.lockExecution(ctx.db, found.id)
        if (execution.status !== 'paused') throw new Refusal('conflict', 'This execution is not paused.')
        const { nextBatch, openBatch } = await lookAhead(ctx.db, execution.id)
        // between two batches going on means the next one; within a batch only the rest of it
        const isBetween = nextBatch !== null && (openBatch === null || openBatch >= nextBatch)
        const approvedBatch = Math.max(execution.approvedBatch, isBetween ? nextBatch : 1)
        await store.updateExecution(ctx.db, execution.id, {
          status: 'queued',
          pausedAt: null,
          pausedBy: null,
          approvedBatch,
        })
        const what = approvedBatch > execution.approvedBatch ? ` with batch ${approvedBatch}` : ''
        await note(ctx, 'continue', found, `${ctx.actor.name} let the execution go on${what}.`)
        await publish(ctx, 'execution.continued', execution.uuid, { by: ctx.actor.name })
        progress.changed(ctx, execution.uuid)
        await progress.admit(ctx)
        return store.toExecution(await find(ctx, found.uuid))
      })
    },
  }
}
