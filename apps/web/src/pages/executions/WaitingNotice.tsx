import { Alert, Text } from '@mantine/core'
import { api, type Branch, type Execution, isFinalExecution, type Waiting } from '@opsconductor/contract'
import { IconHourglass } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queryOf } from '../../session/queries.ts'
import classes from './ExecutionHead.module.css'

/** What something waits for changes without it: others end, executors come and go. So it is asked for again. */
const askEveryMs = 3_000

/** Why an execution does not go on, while it does not. `isSetAside`: a branch of it waits for a moment. */
export const WaitingNotice = ({ execution, isSetAside }: { execution: Execution; isSetAside: boolean }) => {
  const { status, counts, uuid } = execution
  const mayWait = !isFinalExecution(status) && (status !== 'running' || counts.running === 0 || isSetAside)
  const detail = useQuery({
    ...queryOf(api.executions.read, { params: { ref: uuid } }),
    enabled: mayWait,
    refetchInterval: askEveryMs,
  })
  const waiting = detail.data?.waitingFor
  // "about to begin" is over before one has read it
  if (!mayWait || !waiting || waiting.kind === 'turn' || execution.needsAttention) return null
  return (
    <Alert variant="default" icon={<IconHourglass aria-hidden />} title="Waiting" mb="md">
      <WaitingText waiting={waiting} />
    </Alert>
  )
}

/** Why a branch does not go on. */
export const BranchWaiting = ({ executionRef, branch }: { executionRef: string; branch: Branch }) => {
  const mayWait = branch.status === 'queued' || branch.status === 'scheduled' || branch.dueAt !== null
  const detail = useQuery({
    ...queryOf(api.executions.branch, { params: { ref: executionRef, number: branch.number } }),
    enabled: mayWait,
    refetchInterval: askEveryMs,
  })
  const waiting = detail.data?.waitingFor
  return mayWait && waiting ? <WaitingText waiting={waiting} /> : null
}

const WaitingText = ({ waiting: { message, references } }: { waiting: Waiting }) => (
  <Text size="sm">
    {message}{' '}
    {references.map(({ kind, ref, name }) => (
      <Link
        key={ref}
        to={kind === 'execution' ? '/executions/$ref' : '/targets/$ref'}
        params={{ ref }}
        className={classes.link}
        style={{ marginInlineEnd: '0.75em' }}
      >
        {kind === 'execution' ? `${name} (${ref})` : name}
      </Link>
    ))}
  </Text>
)
