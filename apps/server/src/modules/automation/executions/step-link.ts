import { performance } from 'node:perf_hooks'
import type { Fault } from '@opsconductor/contract'
import { type Guard, type OutputPosition, type GuardedShell, TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { Assets, RunMethod } from '../../assets/index.ts'
import type { OutputWriter } from '../output/writer.ts'
import type { BranchStep } from '../plans/branch-plan.ts'
import { ruleOf } from '../steps/step-types.ts'
import type { Hold } from './leases.ts'
import { placeHashOf } from './step-place.ts'
import type { StepResultRow } from './step-results.store.ts'

export type StepPorts = {
  connections: Assets['connections']
  /** So long a target that does not answer is called again before its step counts as lost. */
  unreachableSec: number
  /** Where steps copy from and to on this machine; nothing is copied where there is none. */
  filesDirectory: string | undefined
  /** This one, as it names itself. */
  executor: string
}

/** One try of a step in the hands of this executor. */
export type StepTry = {
  work: BranchStep
  /** Names this try on the target, for ever. */
  guard: Guard
  /** The try before it, where nobody knows whether that has begun: it must not begin once this one has. */
  former: Guard | undefined
  execution: { uuid: string; requestedBy: string }
  output: OutputWriter
  hold: Hold
  /** Secret values of the execution, to be masked. */
  secrets: readonly string[]
  /** Commits that the step has begun, and as what. @throws Fenced when this executor may not begin it */
  begin: (link: Link, work: BranchStep) => Promise<void>
  /** A line of the log. */
  note: (message: string) => Promise<void>
}

/** A connection over which a step runs. */
export type Link = {
  shell: GuardedShell
  secrets: readonly string[]
  method: RunMethod
  connectMs: number
  /** Of that, the log-in; null where an open connection was lent. */
  authenticateMs: number | null
}

/**
 * How far a command has come: since when it runs, which of its output is here, and whether it runs on without us: not
 * every target can do that for a step that was planned so.
 */
export type Progressed = { beganAtMs: number; position: OutputPosition; isDetached: boolean }

export const guardOf = (branch: { uuid: string }, step: { index: number; attempt: number }): Guard => ({
  id: `${branch.uuid}-${step.index}-${step.attempt}`,
})

/** With these the wire failed before anybody was asked to do anything, and another way may be open. */
const passable: ReadonlySet<Fault> = new Set(['unreachable', 'refused', 'denied', 'timeout', 'protocol'])

/** The methods that can carry the step, the planned one first, then by priority. */
export const methodsOf = ({ step, target, method }: BranchStep): RunMethod[] => [
  ...(method === null ? [] : [method]),
  ...target.methods.filter(({ uuid, type }) => uuid !== method?.uuid && ruleOf(step).methods.includes(type)),
]

/**
 * The methods over which a step may have begun. What guards it is kept where it began and for the account that began it:
 * another one knows nothing of it, and would let it begin a second time.
 *
 * @param row `placeHash` is null in one that was written before there was any
 */
export const methodsOfBegun = (
  work: BranchStep,
  row: Pick<StepResultRow, 'method' | 'credential' | 'placeHash'>,
): RunMethod[] =>
  methodsOf(work).filter((method) =>
    row.placeHash === null
      ? method.type === row.method && (method.credential?.name ?? null) === row.credential
      : placeHashOf(work.target, method) === row.placeHash,
  )

/**
 * Connects to the target of a step, by the next method when one fails. A host key that is not the pinned one is no reason
 * to look for another way.
 *
 * @throws TransportError of the last method
 */
export const connectStep = async (
  ctx: Context,
  { connections }: StepPorts,
  run: StepTry,
  methods: readonly RunMethod[],
  signal: AbortSignal,
): Promise<Link> => {
  const { work, execution } = run
  const askedAt = performance.now()
  for (const [index, method] of methods.entries()) {
    let authenticateMs: number | null = null
    try {
      const { shell, secrets } = await connections.open(ctx, {
        target: work.target,
        method,
        purpose: 'execution',
        executionUuid: execution.uuid,
        actorName: execution.requestedBy,
        signal,
        onPhase: (phase, state, ms) => {
          if (phase === 'authentication' && state === 'finished') authenticateMs = ms
        },
      })
      run.output.addSecrets(secrets)
      return { shell, secrets, method, connectMs: performance.now() - askedAt, authenticateMs }
    } catch (error) {
      const next = methods[index + 1]
      if (!(error instanceof TransportError) || !passable.has(error.fault) || next === undefined) throw error
      await run.note(
        `${method.name} (${method.type}) does not lead to ${work.target.name}: ${error.message} Trying ${next.name} (${next.type}).`,
      )
    }
  }
  throw new TransportError(
    'refused',
    'connect',
    `The machine of ${work.target.name}, its method or its credential has been changed since this step began, and where it began cannot be reached any more.`,
  )
}

/** What is left of the time limit of a step; undefined without one. */
export const timeLeftMs = ({ work }: StepTry, { beganAtMs }: Progressed): number | undefined =>
  work.step.timeoutSec === undefined ? undefined : Math.max(1, work.step.timeoutSec * 1000 - (Date.now() - beganAtMs))
