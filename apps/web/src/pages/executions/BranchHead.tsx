import { Text } from '@mantine/core'
import type { Branch, StepResult } from '@opsconductor/contract'
import { Link } from '@tanstack/react-router'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { duration } from '../../ui/time.ts'
import classes from './BranchHead.module.css'
import { isBeingStopped } from './execution-state.ts'
import { LeftOut } from './LeftOut.tsx'
import { LostBranch, UnstoppedBranch } from './LostBranch.tsx'
import { Ticking } from './Ticking.tsx'
import { type useExecution, useSteps } from './use-execution.ts'
import { BranchWaiting } from './WaitingNotice.tsx'

type Props = { executionRef: string; branch: Branch; store: ReturnType<typeof useExecution> }

const outcomes = {
  stopped: 'its processes on the target have stopped.',
  still_running: 'but processes are still running on the target.',
  unconfirmed: 'but whether the processes on the target stopped is not known.',
} as const

/** A branch and its steps: states, exit codes, times, and on demand exactly what ran. */
export const BranchHead = ({ executionRef, branch, store }: Props) => {
  const { steps, isLoading, error } = useSteps(executionRef, branch.number, store)
  const isSaidBySteps = steps.some(({ message }) => message !== null && branch.message?.endsWith(message))
  return (
    <section aria-label={`Branch ${branch.number}`} className={classes.head}>
      <div className={classes.title}>
        <h2 className={classes.name}>
          <span className={`${classes.quiet} number`}>{branch.number}</span>{' '}
          <Link to="/targets/$ref" params={{ ref: branch.target.serial }} className={classes.link}>
            {branch.target.name}
          </Link>
        </h2>
        <StatusBadge status={branch.status} />
        <Text size="sm" c="dimmed" component="span">
          <Ticking {...branch} />
          {branch.attempt > 1 && `, attempt ${branch.attempt}`}
        </Text>
      </div>
      {branch.message && !isSaidBySteps && (
        <Text size="sm">
          {/* of what was cancelled the message is a person's word, and not that of the fault before */}
          {branch.status === 'cancelled' ? branch.message : withFault(branch.fault, branch.message)}
        </Text>
      )}
      <BranchWaiting executionRef={executionRef} branch={branch} />
      {branch.cancelOutcome && (
        <Text size="sm">
          {branch.status === 'cancelled' ? 'Cancelled' : 'Stopped'}, {outcomes[branch.cancelOutcome]}
        </Text>
      )}
      {branch.status === 'queued' && store.execution && isBeingStopped(store.execution) && (
        <UnstoppedBranch executionRef={executionRef} branch={branch} />
      )}
      {branch.status === 'lost' && <LostBranch executionRef={executionRef} branch={branch} />}
      {error && <ErrorView error={error} />}
      {steps.length > 0 && (
        <ol className={classes.steps}>
          {steps.map((step) => (
            <Step key={`${step.index}/${step.attempt}`} step={step} />
          ))}
        </ol>
      )}
      {!isLoading && steps.length === 0 && !error && (
        <Text size="sm" c="dimmed">
          No step has started yet.
        </Text>
      )}
    </section>
  )
}

const withFault = (fault: string | null, message: string) => (fault === null ? message : `${fault}: ${message}`)

const Step = ({ step }: { step: StepResult }) => (
  <li className={classes.step}>
    <details>
      <summary className={classes.summary}>
        <span className={classes.stepName}>
          {step.name}
          {step.attempt > 1 && <span className={classes.quiet}> (try {step.attempt})</span>}
        </span>
        <StatusBadge status={step.status} {...(step.status === 'unknown' ? { tone: 'red' } : {})} />
        <span className={`${classes.exit} number`}>{endOf(step)}</span>
        <span className={`${classes.time} number`}>
          <Ticking {...step} />
        </span>
      </summary>
      <div className={classes.details}>
        <Text size="xs" c="dimmed">
          {[
            step.type,
            step.method && `over ${step.method}`,
            step.credential && `with ${step.credential}`,
            step.target && `on ${step.target.name}`,
            step.mode,
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        <pre className={classes.command}>{step.command}</pre>
        <Text size="xs" c="dimmed" className="number">
          {timesOf(step).join(' · ')}
        </Text>
      </div>
    </details>
    {step.message && (
      <Text size="sm" className={classes.message}>
        {withFault(step.fault, step.message)}
      </Text>
    )}
    {step.copied && <LeftOut entries={step.copied.skipped} />}
    {step.isOutputTruncated && (
      <Text size="sm" className={classes.message}>
        The output was longer than allowed: its end is missing.
      </Text>
    )}
    {step.isOutputIncomplete && (
      <Text size="sm" className={classes.message}>
        Part of the output could not be stored: it has gaps.
      </Text>
    )}
  </li>
)

/** Where the time of a step went, and what came of it. */
const timesOf = ({ timings, outputBytes, executor }: StepResult): string[] => {
  const { waitMs, connectMs, authenticateMs, runMs, collectMs } = timings
  const logIn = authenticateMs === null ? '' : ` (log-in ${precise(authenticateMs)})`
  return [
    ...(waitMs === null ? [] : [`waited ${precise(waitMs)}`]),
    ...(connectMs === null ? [] : [`connected in ${precise(connectMs)}${logIn}`]),
    ...(runMs === null ? [] : [`ran ${precise(runMs)}`]),
    ...(collectMs === null ? [] : [`collected in ${precise(collectMs)}`]),
    ...(outputBytes === 0 ? [] : [`${outputBytes.toLocaleString('en')} bytes of output`]),
    ...(executor === null ? [] : [`by ${executor}`]),
  ]
}

/** `12 ms`, `0.4 ms`; from a second on as durations are said everywhere. */
const precise = (ms: number) => (ms >= 1_000 ? duration(ms) : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`)

const endOf = ({ exitCode, signal }: StepResult) => {
  if (signal !== null) return `signal ${signal}`
  return exitCode === null ? '' : `exit ${exitCode}`
}
