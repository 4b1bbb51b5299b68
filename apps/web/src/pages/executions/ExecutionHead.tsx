import { Alert, Text } from '@mantine/core'
import type { Execution } from '@opsconductor/contract'
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Identifier } from '../../ui/Identifier.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { ExecutionActions } from './ExecutionActions.tsx'
import { isBeingStopped } from './execution-state.ts'
import classes from './ExecutionHead.module.css'
import { ExecutionBadge } from './ExecutionBadge.tsx'
import { Progress } from './Progress.tsx'
import { Ticking } from './Ticking.tsx'
import { WaitingNotice } from './WaitingNotice.tsx'

type Props = {
  execution: Execution
  /** A branch of it waits for a moment. */
  isSetAside: boolean
  merge: (change: { execution: Execution }) => void
}

/** What an execution is, how far it is, and what can be done about it. */
export const ExecutionHead = ({ execution, isSetAside, merge }: Props) => (
  <>
    <PageHeader
      title={`${execution.job.name} #${execution.number}`}
      parent={{ to: '/executions', label: 'Executions' }}
      badge={<ExecutionBadge execution={execution} />}
      description={
        <span className={classes.facts}>
          <Identifier value={execution.ref} what="identifier" />
          <span>
            <Link to="/jobs/$ref" params={{ ref: execution.job.serial }} className={classes.link}>
              Job
            </Link>{' '}
            version {execution.job.version}
          </span>
          <span>
            {execution.trigger === 'rerun' ? 'rerun by' : 'by'} {execution.requestedBy}
          </span>
          <span>
            {execution.startedAt === null ? 'queued' : 'started'}{' '}
            <TimeText at={execution.startedAt ?? execution.queuedAt} />
          </span>
          {execution.startedAt !== null && (
            <span>
              {execution.finishedAt === null ? 'running for' : 'took'} <Ticking {...execution} />
            </span>
          )}
        </span>
      }
      actions={<ExecutionActions execution={execution} merge={merge} />}
    />
    <div className={classes.progress}>
      <Progress execution={execution} />
      {execution.message && (
        <Text size="sm" c="dimmed">
          {execution.message}
        </Text>
      )}
    </div>
    <WaitingNotice execution={execution} isSetAside={isSetAside} />
    <Notices execution={execution} />
  </>
)

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

const outcomes = {
  stopped: 'and its remote processes were seen to have stopped.',
  still_running: 'but remote processes are still running on at least one target. Look there.',
  unconfirmed:
    'but whether the remote processes stopped could not be confirmed on every target. The branches say on which: look there.',
} as const

const Notices = ({ execution }: { execution: Execution }) => {
  const { needsAttention, cancelOutcome, cancelRequestedAt, cancelRequestedBy, counts } = execution
  return (
    <>
      {needsAttention && (
        <Alert variant="default" icon={<IconAlertTriangle aria-hidden />} title="Somebody has to look" mb="md">
          <Text size="sm">
            {counted(counts.lost, 'branch was', 'branches were')} lost: the connection ended in the middle of a step and
            nobody knows whether it ran to its end. Look at the target, then say on the branch what became of it.
          </Text>
        </Alert>
      )}
      {isBeingStopped(execution) && (
        <Alert variant="default" icon={<IconInfoCircle aria-hidden />} mb="md">
          <Text size="sm">
            {cancelRequestedBy === null ? 'Its time was over' : `${cancelRequestedBy} cancelled it`}{' '}
            <TimeText at={cancelRequestedAt ?? execution.queuedAt} />. Nothing more begins, and what runs on the targets
            is being stopped.
          </Text>
        </Alert>
      )}
      {cancelOutcome && (
        <Alert
          variant="default"
          icon={cancelOutcome === 'stopped' ? <IconInfoCircle aria-hidden /> : <IconAlertTriangle aria-hidden />}
          mb="md"
        >
          <Text size="sm">
            {execution.timedOutAt === null ? 'It was cancelled' : 'Its time was over'}, {outcomes[cancelOutcome]}
          </Text>
        </Alert>
      )}
    </>
  )
}
