import { Alert, Button, Text } from '@mantine/core'
import { api, type Execution, isFinalExecution } from '@opsconductor/contract'
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call, useMay } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { Identifier } from '../../ui/Identifier.tsx'
import { tellError } from '../../ui/notices.ts'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { CancelButton } from './CancelButton.tsx'
import classes from './ExecutionHead.module.css'
import { ExecutionBadge } from './ExecutionBadge.tsx'
import { Progress } from './Progress.tsx'
import { newRequestKey } from './request-key.ts'
import { Ticking } from './Ticking.tsx'

type Props = { execution: Execution; merge: (change: { execution: Execution }) => void }

/** What an execution is, how far it is, and what can be done about it. */
export const ExecutionHead = ({ execution, merge }: Props) => (
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
      actions={<Actions execution={execution} merge={merge} />}
    />
    <div className={classes.progress}>
      <Progress execution={execution} />
      {execution.message && (
        <Text size="sm" c="dimmed">
          {execution.message}
        </Text>
      )}
    </div>
    <Notices execution={execution} />
  </>
)

const Actions = ({ execution, merge }: Props) => {
  const may = useMay()
  const navigate = useNavigate()
  const rerun = useMutation({
    mutationFn: (body: { only?: 'failed' }) =>
      call(
        api.executions.rerun,
        { params: { ref: execution.uuid }, body },
        { headers: { 'Idempotency-Key': newRequestKey() } },
      ),
    onSuccess: (next) => {
      void changed('executions')
      return navigate({ to: '/executions/$ref', params: { ref: next.ref } })
    },
    onError: tellError,
  })
  const { counts } = execution
  const isFinal = isFinalExecution(execution.status)
  const unsuccessful = counts.failed + counts.lost
  return (
    <>
      {!isFinal && may('executions.cancel') && (
        <CancelButton execution={execution} onCancelled={(next) => merge({ execution: next })} />
      )}
      {isFinal && may('executions.start') && (
        <>
          {unsuccessful > 0 && (
            <Button
              loading={rerun.isPending && rerun.variables.only === 'failed'}
              onClick={() => rerun.mutate({ only: 'failed' })}
            >
              Rerun failed ({unsuccessful.toLocaleString('en')})
            </Button>
          )}
          <Button
            variant={unsuccessful > 0 ? 'default' : 'filled'}
            loading={rerun.isPending && rerun.variables.only === undefined}
            onClick={() => rerun.mutate({})}
          >
            Rerun all
          </Button>
        </>
      )}
    </>
  )
}

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

const outcomes = {
  stopped: 'It was cancelled, and its remote processes were seen to have stopped.',
  still_running: 'It was cancelled, but remote processes are still running on at least one target. Look there.',
  unconfirmed: 'It was cancelled, but whether the remote processes stopped could not be confirmed on every target.',
} as const

const Notices = ({ execution }: { execution: Execution }) => {
  const { needsAttention, cancelOutcome, counts } = execution
  return (
    <>
      {needsAttention && (
        <Alert variant="default" icon={<IconAlertTriangle aria-hidden />} title="Somebody has to look" mb="md">
          <Text size="sm">
            {counted(counts.lost, 'branch was', 'branches were')} lost: the connection ended in the middle of a step and
            nobody knows whether it ran to its end. Look at the target, then rerun if that is safe.
          </Text>
        </Alert>
      )}
      {cancelOutcome && (
        <Alert
          variant="default"
          icon={cancelOutcome === 'stopped' ? <IconInfoCircle aria-hidden /> : <IconAlertTriangle aria-hidden />}
          mb="md"
        >
          <Text size="sm">{outcomes[cancelOutcome]}</Text>
        </Alert>
      )}
    </>
  )
}
