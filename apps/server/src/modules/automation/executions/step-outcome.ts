import type { CancelOutcome, Copied, Fault, StepStatus } from '@opsconductor/contract'
import type { FollowEnd, RecordedExit, ShellExit, Stopped, StopReason, TransportError } from '@opsconductor/transports'
import type { StepResultRow } from './step-results.store.ts'

/** What became of one try of a step. */
export type StepOutcome = {
  status: Exclude<StepStatus, 'ready' | 'running'>
  exitCode: number | null
  signal: string | null
  fault: Fault | null
  message: string | null
  cancelOutcome: CancelOutcome | null
  copied?: Copied
  connectMs: number | null
  runMs: number | null
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

export const outcome = (known: Partial<StepOutcome> & Pick<StepOutcome, 'status'>): StepOutcome => ({
  ...nothing,
  ...known,
})

/** How a command ended, as its connection or the target itself told. */
export const outcomeOfExit = (
  exit: ShellExit | Exclude<FollowEnd, { kind: 'left' }> | (RecordedExit & { stopReason?: StopReason }),
  { timeoutSec }: { timeoutSec?: number | undefined },
): StepOutcome => {
  switch (exit.kind) {
    case 'exited':
    case 'signalled':
      return outcomeOfEnd(exit, 'stopReason' in exit ? exit.stopReason : undefined, timeoutSec)
    case 'unknown':
      return outcome({
        status: 'unknown',
        fault: 'unreachable',
        message: `Nobody knows how it ended: ${exit.reason}`,
      })
    case 'stopped':
      return exit.because === 'timeout'
        ? outcome({
            status: 'failed',
            fault: 'timeout',
            cancelOutcome: exit.outcome,
            message: `It was stopped after its time limit of ${timeoutSec ?? 0} s.${whatIsLeft(exit)}`,
          })
        : outcome({
            status: 'cancelled',
            cancelOutcome: exit.outcome,
            message: `It was stopped.${whatIsLeft(exit)}`,
          })
  }
}

const outcomeOfEnd = (
  exit: RecordedExit,
  reason: StopReason | undefined,
  timeoutSec: number | undefined,
): StepOutcome => {
  // it was stopped through another connection, whose answer nobody has heard
  if (reason === 'cancelled' || reason === 'timeout')
    return outcomeOfExit({ kind: 'stopped', because: reason, outcome: 'stopped', pids: [] }, { timeoutSec })
  const told: Partial<StepOutcome> = exit.kind === 'exited' ? { exitCode: exit.exitCode } : { signal: exit.signal }
  if (reason === 'output_limit') {
    return outcome({ status: 'failed', ...told, message: 'It wrote more output than a step may, and was stopped.' })
  }
  if (exit.kind === 'signalled') {
    return outcome({ status: 'failed', ...told, message: `The command was ended by the signal ${exit.signal}.` })
  }
  const cut = 'isOutputCut' in exit && exit.isOutputCut === true ? ' The last of its output may be missing.' : ''
  if (exit.exitCode === 0)
    return outcome({ status: 'completed', ...told, message: cut === '' ? null : `It completed.${cut}` })
  const perhaps =
    'possibleSignal' in exit && exit.possibleSignal !== undefined ? ` (or by the signal ${exit.possibleSignal})` : ''
  return outcome({
    status: 'failed',
    ...told,
    message: `The command ended with exit code ${exit.exitCode}${perhaps}.${cut}`,
  })
}

/** What was seen of it on the target after it was stopped, where that is not its end. */
export const whatIsLeft = ({ outcome, pids }: Stopped) => {
  if (outcome === 'still_running') return ` Still running: ${pids.join(', ')}.`
  return outcome === 'unconfirmed' ? ' Whether its processes have ended could not be seen.' : ''
}

/** The wire failed before anything began. */
export const outcomeOfFault = (error: TransportError): StepOutcome =>
  error.fault === 'cancelled'
    ? outcome({
        status: 'cancelled',
        cancelOutcome: 'stopped',
        message: 'It was cancelled before it began on the target.',
      })
    : outcome({ status: 'failed', fault: error.fault, message: error.message })

/** What was stopped because the time of the whole execution is over was not cancelled by anybody: it failed. */
export const asTimedOut = (came: StepOutcome, timeoutSec: number | null): StepOutcome =>
  came.status === 'cancelled'
    ? {
        ...came,
        status: 'failed',
        fault: 'timeout',
        message: ['Timed out: the time limit of', timeoutSec ?? 0, 's of the execution is over.', came.message ?? '']
          .join(' ')
          .trim(),
      }
    : came

/** What a former holder of the branch has written down; what it saw of the processes it stopped is not a part of that. */
export const outcomeOfRow = (row: StepResultRow): StepOutcome =>
  outcome({
    status: row.status as StepOutcome['status'],
    exitCode: row.exitCode,
    signal: row.signal,
    fault: row.fault as Fault | null,
    message: row.message,
    cancelOutcome: row.status !== 'cancelled' ? null : row.startedAt === null ? 'stopped' : 'unconfirmed',
  })
