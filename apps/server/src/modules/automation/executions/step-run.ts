import { performance } from 'node:perf_hooks'
import type { CancelOutcome, Fault, StepStatus } from '@opsconductor/contract'
import { type ShellExit, TransportError } from '@opsconductor/transports'
import type { Assets } from '../../assets/index.ts'
import type { Context } from '../../../kernel/context.ts'
import type { OutputWriter } from '../output/writer.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import { ruleOf } from '../steps/step-types.ts'
import type { Hold } from './leases.ts'
import type { StepResultRow } from './step-results.store.ts'

/** What became of one try of a step. */
export type StepOutcome = {
  status: Exclude<StepStatus, 'ready' | 'running' | 'skipped'>
  exitCode: number | null
  signal: string | null
  fault: Fault | null
  message: string | null
  cancelOutcome: CancelOutcome | null
  connectMs: number | null
  runMs: number | null
}

export type StepRunPorts = { connections: Assets['connections'] }

export type StepRun = {
  work: BranchStep
  execution: { uuid: string; requestedBy: string }
  output: OutputWriter
  hold: Hold
  /** Secret values of the execution, to be masked. */
  secrets: readonly string[]
  /** Commits that the step has begun. @throws Fenced when this executor may not begin it */
  begin: (connectMs: number) => Promise<void>
}

/**
 * Runs one step on its target: connect, commit that it begins, run, see how it ended. A command that fails is an
 * outcome; so is a wire that fails. Only a lost lease and a failing database are thrown.
 */
export const runStep = async (ctx: Context, { connections }: StepRunPorts, run: StepRun): Promise<StepOutcome> => {
  const { work, execution, output, hold } = run
  const askedAt = performance.now()
  let connectMs: number | null = null
  try {
    hold.check()
    const connection = await connections.open(ctx, {
      target: work.target,
      method: work.method,
      purpose: 'execution',
      executionUuid: execution.uuid,
      actorName: execution.requestedBy,
      signal: hold.signal,
    })
    await using shell = connection.shell
    connectMs = performance.now() - askedAt
    output.startStep(work.index, [...run.secrets, ...connection.secrets])
    await run.begin(connectMs)
    const begunAt = performance.now()
    hold.check() // the last look before something happens on the target
    const exit = await shell.run({
      ...ruleOf(work.step).render(work.step, work.lookup),
      onOutput: output.write,
      signal: hold.signal,
      ...(work.step.timeoutSec === undefined ? {} : { timeoutMs: work.step.timeoutSec * 1000 }),
    })
    return { ...nothing, ...outcomeOf(exit, work), connectMs, runMs: performance.now() - begunAt }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    return { ...nothing, ...outcomeOfFault(error), connectMs }
  }
}

const nothing: StepOutcome = {
  status: 'failed',
  exitCode: null,
  signal: null,
  fault: null,
  message: null,
  cancelOutcome: null,
  connectMs: null,
  runMs: null,
}

const outcomeOf = (exit: ShellExit, { step }: BranchStep): Partial<StepOutcome> => {
  switch (exit.kind) {
    case 'exited':
      return exit.exitCode === 0
        ? { status: 'completed', exitCode: 0 }
        : { status: 'failed', exitCode: exit.exitCode, message: `The command ended with exit code ${exit.exitCode}.` }
    case 'signalled':
      return { status: 'failed', signal: exit.signal, message: `The command was ended by the signal ${exit.signal}.` }
    case 'unknown':
      return { status: 'unknown', fault: 'unreachable', message: `Nobody knows how it ended: ${exit.reason}` }
    case 'stopped': {
      const left = exit.outcome === 'still_running' ? ` Still running: ${exit.pids.join(', ')}.` : ''
      const seen = exit.outcome === 'unconfirmed' ? ' Whether its processes have ended could not be seen.' : left
      return exit.because === 'timeout'
        ? {
            status: 'failed',
            fault: 'timeout',
            cancelOutcome: exit.outcome,
            message: `It was stopped after its time limit of ${step.timeoutSec ?? 0} s.${seen}`,
          }
        : { status: 'cancelled', cancelOutcome: exit.outcome, message: `It was stopped.${seen}` }
    }
  }
}

/** What a former holder of the branch has written down. */
export const outcomeOfRow = (row: StepResultRow): StepOutcome => ({
  ...nothing,
  status: row.status as StepOutcome['status'],
  exitCode: row.exitCode,
  signal: row.signal,
  fault: row.fault as Fault | null,
  message: row.message,
})

const outcomeOfFault = (error: TransportError): Partial<StepOutcome> =>
  error.fault === 'cancelled'
    ? { status: 'cancelled', cancelOutcome: 'stopped', message: 'It was cancelled before it began on the target.' }
    : { status: 'failed', fault: error.fault, message: error.message }
