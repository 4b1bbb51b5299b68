import { performance } from 'node:perf_hooks'
import type { StepResult } from '@opsconductor/contract'
import { type Guard, TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import type { ShellAction } from '../steps/step-type-rule.ts'
import { ruleOf } from '../steps/step-types.ts'
import { isCopyStep } from '../steps/copy-step.ts'
import { Fenced, type Hold } from './leases.ts'
import { copyLeftBehind, copyStep } from './step-copy.ts'
import { type Asked, askTarget, follow } from './step-ask.ts'
import {
  connectStep,
  type Link,
  methodsOf,
  methodsOfBegun,
  type Progressed,
  type StepPorts,
  type StepTry,
} from './step-link.ts'
import { outcome, outcomeOfExit, outcomeOfFault, type StepOutcome } from './step-outcome.ts'
import type { StepResultRow } from './step-results.store.ts'

/**
 * What one try came to, and how it ran. `settled` is called when that is written down: what is kept for it on the target
 * may go, and the connection is given back.
 */
export type Ran = { came: Asked; mode: StepResult['mode']; settled: (isWritten: boolean) => Promise<void> }

/**
 * Runs one step on its target: connect, commit that it begins, run, see how it ended. A command that fails is an
 * outcome; so is a wire that fails. Only a lost lease and a failing database are thrown.
 */
export const runStep = async (ctx: Context, ports: StepPorts, planned: StepTry): Promise<Ran> => {
  const { hold, output } = planned
  let run = planned
  let link: Link | undefined
  const progressed: Progressed = {
    position: { stdout: 0, stderr: 0 },
    beganAtMs: Date.now(),
    isDetached: planned.work.planned.mode === 'detached',
  }
  let hasBegun = false
  try {
    hold.check()
    link = await connectStep(ctx, ports, run, methodsOf(run.work), AbortSignal.any([hold.signal, hold.leaving]))
    const { connectMs, method } = link
    if (method !== run.work.method) run = { ...run, work: run.work.over(method) }
    const { work } = run
    progressed.isDetached = work.planned.mode === 'detached'
    progressed.position = output.startStep(work.index, [...run.secrets, ...link.secrets], run.guard.id)
    if (run.former !== undefined) await burnFormer(link, run.former)
    if (isLeft(hold)) return ran('left', progressed, settle(run, link, progressed))
    hasBegun = true
    await run.begin(link, work)
    const begunAt = performance.now()
    hold.check() // the last look before something happens on the target
    progressed.beganAtMs = Date.now()
    const { asked, link: last } = await start(ctx, ports, run, progressed, link)
    link = last
    const came = typeof asked === 'string' ? asked : { ...asked, connectMs, runMs: performance.now() - begunAt }
    return ran(came, progressed, settle(run, link, progressed))
  } catch (error) {
    if (!(error instanceof TransportError)) {
      await link?.shell[Symbol.asyncDispose]()
      throw error
    }
    const isGivenBack = !hasBegun && error.fault === 'cancelled' && isLeft(hold)
    const came = isGivenBack ? 'left' : { ...outcomeOfFault(error), connectMs: link?.connectMs ?? null }
    return ran(came, progressed, settle(run, link, progressed))
  }
}

/** What has not begun is for others to begin, unless it was cancelled. */
const isLeft = ({ leaving, stop }: Hold) => leaving.aborted && stop.reason !== 'cancelled'

const ran = (came: Asked, { isDetached }: Progressed, settled: Ran['settled']): Ran => ({
  came,
  mode: isDetached ? 'detached' : 'attached',
  settled,
})

/** Goes on with a step that a former holder of the branch has begun. */
export const takeOverStep = async (ctx: Context, ports: StepPorts, run: StepTry, row: StepResultRow): Promise<Ran> => {
  const { work } = run
  if (row.method === 'local' && row.executor !== null && machineOf(row.executor) !== machineOf(ports.executor))
    return { came: beganElsewhere(row.executor), mode: work.planned.mode, settled: async () => {} }
  const position = run.output.startStep(work.index, run.secrets, run.guard.id)
  const beganAtMs = row.startedAt?.getTime() ?? Date.now()
  const progressed = { position, beganAtMs, isDetached: work.planned.mode === 'detached' }
  if (isCopyStep(work.step)) return ran(copyLeftBehind(run), progressed, async () => {})
  const { asked, link } = await askTarget(ctx, ports, run, progressed, methodsOfBegun(work, row))
  const settled = settle(run, link, progressed)
  if (typeof asked === 'string') return ran(asked, progressed, settled)
  const timings = { connectMs: row.connectMs, runMs: Date.now() - beganAtMs }
  return ran({ ...asked, ...timings }, progressed, settled)
}

/** Executors are named `host:process`. */
const machineOf = (executor: string) => executor.slice(0, executor.lastIndexOf(':'))

/** The machine of another executor is not asked from here: its guard is there. */
const beganElsewhere = (executor: string) =>
  outcome({
    status: 'unknown',
    fault: 'unreachable',
    message: `It began on the machine of the executor ${executor}. Only an executor on that machine can say what became of it.`,
  })

const shellAction = ({ step, lookup }: BranchStep): Omit<ShellAction, 'kind'> => {
  const { kind, ...text } = ruleOf(step).action(step, lookup)
  if (kind !== 'shell' || !('script' in text)) throw new Error(`A step of the type ${step.type} is not for a shell.`)
  return text
}

/** What the former try sent may still be on its way to the target: from now on it cannot begin there. */
const burnFormer = async ({ shell }: Link, former: Guard) => {
  try {
    await shell.burn(former)
  } catch (error) {
    // where there is no folder for guards, the former try had none either
    if (!(error instanceof TransportError) || error.details.isWithoutFolder !== true) throw error
  }
}

type Started = { asked: Asked; link: Link | undefined }

const start = async (
  ctx: Context,
  ports: StepPorts,
  run: StepTry,
  progressed: Progressed,
  link: Link,
): Promise<Started> => {
  const { work, hold, guard, output } = run
  const { shell } = link
  if (isCopyStep(work.step)) return { asked: await copyStep(ports, run, work.step, link), link }
  const text = shellAction(work)
  const ask = () => askTarget(ctx, ports, run, progressed, [link.method], link)
  const done = (asked: Asked): Started => ({ asked, link })

  const detached = async (): Promise<Started> => {
    const started = await shell.detach({ ...guard, ...text, signal: hold.stop, outputLimitBytes: outputOnTargetBytes })
    switch (started.kind) {
      case 'guarded':
        throw new Fenced()
      case 'unknown':
        return ask()
      case 'unsupported':
        await run.note(`It runs attached to its connection. ${started.reason}`)
        return attached(true)
      case 'started':
        try {
          return done(await follow(shell, run, progressed))
        } catch (error) {
          if (!(error instanceof TransportError)) throw error
          return ask()
        }
    }
  }

  const attached = async (isGuarded: boolean): Promise<Started> => {
    progressed.isDetached = false
    const command = {
      ...text,
      onOutput: output.write,
      signal: hold.stop,
      ...(work.step.timeoutSec === undefined ? {} : { timeoutMs: work.step.timeoutSec * 1000 }),
    }
    const exit = isGuarded ? await shell.run({ ...command, guard }) : await shell.run(command)
    if (exit.kind === 'guarded') throw new Fenced()
    // without a guard the target knows nothing of it
    if (exit.kind === 'unknown' && isGuarded) return ask()
    return done(outcomeOfExit(exit, work.step))
  }

  try {
    return await (work.planned.mode === 'detached' ? detached() : attached(true))
  } catch (error) {
    if (!(error instanceof TransportError) || error.details.isWithoutFolder !== true) throw error
    await run.note(
      `It runs without the protection against running twice, and attached to its connection. ${error.message}`,
    )
    return attached(false)
  }
}

/** Output of a detached command waits on the target's disk until it is collected. */
const outputOnTargetBytes = 1024 * 1024 * 1024

const settle =
  ({ guard }: StepTry, link: Link | undefined, { isDetached }: Progressed) =>
  async (isWritten: boolean): Promise<void> => {
    if (link === undefined) return
    try {
      if (isWritten && isDetached) await link.shell.remove(guard)
    } catch (error) {
      if (!(error instanceof TransportError)) throw error // what is left there goes when it is a week old
    } finally {
      await link.shell[Symbol.asyncDispose]()
    }
  }

/** A try that never began where it was to run. */
export const neverBegan = (): StepOutcome =>
  outcome({
    status: 'skipped',
    message: 'It never began: its executor was lost before the target was asked to do anything.',
  })
