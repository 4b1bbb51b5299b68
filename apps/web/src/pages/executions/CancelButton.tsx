import { api, type Execution } from '@opsconductor/contract'
import { call } from '../../session/index.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { tellDone } from '../../ui/notices.ts'

type Props = { execution: Execution; onCancelled: (execution: Execution) => void }

export const CancelButton = ({ execution, onCancelled }: Props) => {
  const { running, queued, scheduled } = execution.counts
  const waiting = queued + scheduled
  return (
    <ConfirmButton
      label="Cancel"
      title={`Cancel ${execution.ref}?`}
      confirm="Cancel the execution"
      dismiss="Keep it running"
      isDangerous
      action={async () => {
        onCancelled(await call(api.executions.cancel, { params: { ref: execution.uuid } }))
        tellDone('The execution is being cancelled.')
      }}
    >
      {running === 0
        ? 'No branch is running.'
        : `${counted(running, 'branch is running: its remote processes are', 'branches are running: their remote processes are')} stopped.`}{' '}
      {waiting > 0 && `${counted(waiting, 'branch that waits is', 'branches that wait are')} not started. `}
      What was done already is not undone.
    </ConfirmButton>
  )
}

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
