import { TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import { sleep } from '../../../kernel/sleep.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import { ruleOf } from '../steps/step-types.ts'
import type { Claim } from './branch-claims.store.ts'
import type { BranchRecord, Try } from './branch-record.ts'
import { selectTimeLeftMs } from './due.store.ts'
import { Fenced, type Hold } from './leases.ts'
import { outcome, outcomeOfFault, type StepOutcome } from './step-outcome.ts'

/** An executor keeps a branch for a wait of so long; longer ones are not worth a slot. */
const keptMs = 2_000

/** `aside`: its moment is not near, and the branch is to be let go until then. `left`: others go on from here. */
export type Waited = StepOutcome | 'aside' | 'left'

const noOutput = { bytes: 0, isTruncated: false, isIncomplete: false, collectMs: 0 }

/**
 * A step that waits for a moment. When that is, is written down before anything else, so that whoever has the branch
 * then goes on at the same moment.
 */
export const runWait = async (
  ctx: Context,
  { branch, record, hold }: { branch: Claim; record: BranchRecord; hold: Hold },
  work: BranchStep,
  step: Try,
  isBegun: boolean,
): Promise<Waited> => {
  const finish = async (came: StepOutcome) => {
    if (!(await record.finish(branch, work, step, came, noOutput))) throw new Fenced()
    return came
  }
  const action = ruleOf(work.step).action(work.step, work.lookup)
  if (action.kind !== 'wait') throw new Error(`A step of the type ${work.step.type} needs a method.`)
  hold.check()
  try {
    if (!isBegun) await record.beginWait(branch, work, step, action)
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    return finish(outcomeOfFault(error))
  }
  const leftMs = await selectTimeLeftMs(ctx.db, branch, step)
  if (leftMs > keptMs && !hold.signal.aborted) return 'aside'
  await sleep(leftMs, hold.signal)
  if (hold.signal.aborted && !hold.cancelled.aborted) return 'left'
  return finish(
    hold.cancelled.aborted
      ? outcome({ status: 'cancelled', cancelOutcome: 'stopped', message: 'Cancelled while it waited.' })
      : outcome({ status: 'completed' }),
  )
}
