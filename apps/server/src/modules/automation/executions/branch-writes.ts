import { type Context, transaction } from '../../../kernel/context.ts'
import { isRefused } from '../../../kernel/database/index.ts'
import { gathered } from '../../../kernel/gather.ts'
import { insertLogLines, type NewLogLine } from '../log/log.store.ts'
import { type Claim, claimBranches } from './branch-claims.store.ts'
import { type BranchEnding, endClaims } from './branch-ends.store.ts'
import { lockStop } from './deadlines.store.ts'
import { finishSteps, type HeldBranch, type StepFinish, type StepStart, startSteps } from './held-steps.store.ts'
import type { Progress } from './progress.ts'
import { endSteps, insertReadySteps, type NewStepResult } from './step-results.store.ts'

/**
 * What waits in the queue of a zone: a branch; its target, so that it can be read while the branch is taken; and its
 * execution, where several of it are put there, so that they are taken together.
 */
export type BranchTask = { branch: string; target?: string; execution?: string }

/** The end of a branch. Whether its execution is to be stopped, and by whom, is known only when it is written down. */
export type Ending = { branch: HeldBranch; plain: EndOf; byCancel: EndOf; byTime: EndOf }
/** What is written down with an end, and the line that says so. */
type EndOf = { end: Omit<BranchEnding, 'branch'>; line: NewLogLine }

/**
 * What the branches of one executor write down. Those of one execution all need its row, one after the other: what comes
 * while another one is on its way goes together with what else has come, in one statement.
 */
export const createBranchWrites = (ports: { progress: Pick<Progress, 'goOn'>; executor: string; leaseSec: number }) => {
  const { progress, executor, leaseSec } = ports

  const end = async (ctx: Context, endings: readonly Ending[]): Promise<void> => {
    const executionId = endings[0]?.branch.executionId ?? 0
    const stop = endings.some(isOfStop) ? await lockStop(ctx.db, executionId) : null
    const all = endings.map((ending) => {
      const { branch, plain, byTime, byCancel } = ending
      const { end, line } = stop === null || !isOfStop(ending) ? plain : stop === 'timeout' ? byTime : byCancel
      return { ending: { branch, ...end }, line }
    })
    const came = await endClaims(
      ctx.db,
      executionId,
      all.map(({ ending }) => ending),
    )
    if (came === undefined) return
    const { execution, hasEnded } = came
    const ours = all.filter(({ ending }) => hasEnded(ending.branch))
    const idsOf = (isCancelled: boolean) =>
      // the steps behind an unknown one may still run, when somebody has said what became of it
      ours
        .filter(({ ending: { status } }) => status !== 'lost' && (status === 'cancelled') === isCancelled)
        .map(({ ending }) => ending.branch.id)
    const { changeSeq } = execution
    await Promise.all([
      endSteps(ctx.db, idsOf(true), ['ready'], { status: 'cancelled', changeSeq }),
      endSteps(ctx.db, idsOf(false), ['ready'], { status: 'skipped', changeSeq }),
      insertLogLines(
        ctx.db,
        execution,
        ours.map(({ line }) => line),
      ),
      progress.goOn(ctx, execution),
    ])
  }

  type Ask<What> = { ctx: Context; what: What }
  /** Together for each execution, one after the other. @param handle does all of them or nothing */
  const byExecution = <What, Answer>(
    executionOf: (what: What) => number | string,
    handle: (ctx: Context, all: readonly What[]) => Promise<readonly Answer[]>,
  ) => {
    const ask = gathered<Ask<What>, Answer>({
      keyOf: ({ what }) => executionOf(what),
      handle: (asks) =>
        handle(
          asks[0].ctx,
          asks.map(({ what }) => what),
        ),
      isOfOne: isRefused,
    })
    return (ctx: Context, what: What): Promise<Answer> => ask({ ctx, what })
  }
  const done = (all: readonly unknown[]) => all.map(() => {})

  return {
    /** @returns undefined when the branch does not wait any more */
    claim: byExecution<BranchTask, Claim | undefined>(
      ({ execution, branch }) => execution ?? branch,
      async (ctx, tasks) => {
        const claims = new Map<string, Claim>()
        const uuids = tasks.map(({ branch }) => branch)
        for (const claim of await claimBranches(ctx.db, uuids, executor, leaseSec)) claims.set(claim.uuid, claim)
        // a branch may have been delivered twice: one of those who ask has it
        return uuids.map((uuid) => {
          const claim = claims.get(uuid)
          claims.delete(uuid)
          return claim
        })
      },
    ),
    ready: byExecution<readonly NewStepResult[], void>(
      (steps) => steps[0]?.executionId ?? 0,
      async (ctx, all) => {
        await insertReadySteps(ctx.db, all.flat())
        return done(all)
      },
    ),
    start: byExecution<StepStart, 'started' | 'cancelled' | 'fenced'>(
      ({ branch }) => branch.executionId,
      (ctx, all) => startSteps(ctx.db, all),
    ),
    /** @returns false when somebody else has the branch */
    finish: byExecution<StepFinish, boolean>(
      ({ branch }) => branch.executionId,
      (ctx, all) => finishSteps(ctx.db, all),
    ),
    end: byExecution<Ending, void>(
      ({ branch }) => branch.executionId,
      async (ctx, all) => {
        await transaction(ctx, (ctx) => end(ctx, all))
        return done(all)
      },
    ),
  }
}

/** It ends another way where its execution is to be stopped. */
const isOfStop = ({ plain }: Ending) => plain.end.status === 'cancelled' || plain.end.status === 'lost'

export type BranchWrites = ReturnType<typeof createBranchWrites>
