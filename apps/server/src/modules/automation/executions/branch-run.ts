import { performance } from 'node:perf_hooks'
import type { Context } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { type Vault, VaultError } from '../../../kernel/vault/vault.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { createMatchers } from '../output/matchers.ts'
import { openOutputWriter } from '../output/writer.ts'
import { documentOf } from '../jobs/jobs.store.ts'
import type { Claim } from './branch-claims.store.ts'
import { type BranchEnd, type BranchRecord, createBranchRecord } from './branch-record.ts'
import { type BranchTask, createBranchWrites } from './branch-writes.ts'
import { Fenced, type Hold, type Interruption, type Leases } from './leases.ts'
import type { Progress } from './progress.ts'
import { openValues } from './sealed-parameters.ts'
import { lastTryOf } from './retries.ts'
import { isBegun, selectSteps } from './step-results.store.ts'
import { outcomeOfRow, type StepOutcome } from './step-outcome.ts'
import { createStepTries, type Run, type StepTriesPorts } from './step-tries.ts'

export type BranchRunPorts = StepTriesPorts & {
  vault: Vault
  progress: Progress
  leases: Leases
  queue: Queue
  wake: Wake
  zone: string
  leaseSec: number
  outputLimitBytes: number
}

/**
 * The branch is let go of without being at its end. `left`: others go on from here; `aside`: its step waits for a moment;
 * `nextStep`: in lock-step, others come first.
 */
type Interlude = 'left' | 'aside' | { nextStep: number }

/** The task: takes the branch, runs its steps one after the other, and says how it ended. */
export const createBranchRun = (ports: BranchRunPorts) => {
  const { plans, vault, progress, leases, wake } = ports
  const { runWithRetries, waitOnce } = createStepTries(ports)
  const matcherOf = createMatchers()
  const writes = createBranchWrites(ports)

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
      const ended = lastTryOf(work.step, tries)
      const came =
        ended !== undefined
          ? outcomeOfRow(ended)
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
      if (isLockStep && ended === undefined && work !== run.steps.at(-1)) return { nextStep: work.index + 1 }
    }
    return failed === null
      ? { status: 'completed', outcome: null, message: null }
      : { status: 'failed', outcome: failed, message: failed.message }
  }

  return async (ctx: Context, task: BranchTask): Promise<void> => {
    const record = createBranchRecord(ctx, { progress, executor: ports.executor, writes })
    const target = task.target === undefined ? undefined : plans.findTarget(ctx, task.target)
    target?.catch(() => {}) // heard where it is waited for, if the branch is ours
    const askedMs = performance.now()
    const branch = await record.claim(task)
    if (branch === undefined) return
    const { executionUuid } = branch
    const hold = leases.hold(branch, askedMs)
    // heard in every gap, too: the database says whether it was cancelled
    const stopHearing = wake.hear(topics.cancel(executionUuid), leases.look)
    try {
      const run = await prepare(ctx, record, branch, hold, target)
      let end = await runSteps(ctx, run)
      if (end === 'aside') return await record.setAside(branch)
      if (end !== 'left' && 'nextStep' in end) {
        if (await record.awaitStage(branch, end.nextStep)) return
        // a cancel came while the step ended; whoever has lost the branch writes nothing with this
        end = interrupted('cancelled', null)
      }
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
