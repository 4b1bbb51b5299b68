import { Button } from '@mantine/core'
import { api, type Execution, isFinalExecution, type RerunRequest } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call, useMay } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { tellError } from '../../ui/notices.ts'
import { CancelButton } from './CancelButton.tsx'
import { isBeingStopped } from './execution-state.ts'
import { createWishes } from './request-key.ts'
import { ResumeButton } from './ResumeButton.tsx'

type Props = { execution: Execution; merge: (change: { execution: Execution }) => void }

/** What can be done about an execution: hold it and let it go on while it runs, run it again when it has ended. */
export const ExecutionActions = ({ execution, merge }: Props) => {
  const may = useMay()
  // a second cancel says nothing new
  if (isBeingStopped(execution)) return null
  if (!isFinalExecution(execution.status)) {
    return (
      <>
        {may('executions.pause') && <PauseButton execution={execution} merge={merge} />}
        {may('executions.cancel') && (
          <CancelButton execution={execution} onCancelled={(next) => merge({ execution: next })} />
        )}
      </>
    )
  }
  return may('executions.start') ? <RerunButtons execution={execution} /> : null
}

const PauseButton = ({ execution, merge }: Props) => {
  const isPaused = execution.status === 'paused'
  const act = useMutation({
    mutationFn: () =>
      call(isPaused ? api.executions.continue : api.executions.pause, { params: { ref: execution.uuid } }),
    onSuccess: (next) => {
      void changed('executions')
      merge({ execution: next })
    },
    onError: tellError,
  })
  return (
    <Button variant={isPaused ? 'filled' : 'default'} loading={act.isPending} onClick={() => act.mutate()}>
      {isPaused ? 'Continue' : 'Pause'}
    </Button>
  )
}

const RerunButtons = ({ execution }: { execution: Execution }) => {
  const navigate = useNavigate()
  const [carryOut] = useState(createWishes)
  const rerun = useMutation({
    mutationFn: (body: RerunRequest) =>
      carryOut(body, (key) =>
        call(api.executions.rerun, { params: { ref: execution.uuid }, body }, { headers: { 'Idempotency-Key': key } }),
      ),
    onSuccess: (next) => {
      void changed('executions')
      return navigate({ to: '/executions/$ref', params: { ref: next.ref } })
    },
    onError: tellError,
  })
  const { counts } = execution
  const unsuccessful = counts.failed + counts.lost
  return (
    <>
      {unsuccessful > 0 && (
        <>
          <ResumeButton execution={execution} resume={(confirm) => rerun.mutateAsync({ from: 'failed', confirm })} />
          <Button
            loading={rerun.isPending && rerun.variables.only === 'failed'}
            onClick={() => rerun.mutate({ only: 'failed' })}
          >
            Rerun failed ({unsuccessful.toLocaleString('en')})
          </Button>
        </>
      )}
      <Button
        variant={unsuccessful > 0 ? 'default' : 'filled'}
        loading={rerun.isPending && rerun.variables.only === undefined && rerun.variables.from === undefined}
        onClick={() => rerun.mutate({})}
      >
        Rerun all
      </Button>
    </>
  )
}
