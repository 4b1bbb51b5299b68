import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { api, type Execution } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../session/index.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { tellDone } from '../../ui/notices.ts'

type Props = { execution: Execution; onCancelled: (execution: Execution) => void }

/** Cancels after asking. The other answer is not called "Cancel" too. */
export const CancelButton = ({ execution, onCancelled }: Props) => {
  const [isOpen, { open, close }] = useDisclosure(false)
  const cancel = useMutation({
    mutationFn: () => call(api.executions.cancel, { params: { ref: execution.uuid } }),
    onSuccess: (next) => {
      onCancelled(next)
      close()
      tellDone('The execution is being cancelled.')
    },
  })
  const { running, queued, scheduled } = execution.counts
  const waiting = queued + scheduled
  return (
    <>
      <Button
        variant="default"
        onClick={() => {
          cancel.reset()
          open()
        }}
      >
        Cancel
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Cancel ${execution.ref}?`} centered>
        <Stack gap="md">
          <Text size="sm">
            {running === 0
              ? 'No branch is running.'
              : `${counted(running, 'branch is running: its remote processes are', 'branches are running: their remote processes are')} stopped.`}{' '}
            {waiting > 0 && `${counted(waiting, 'branch that waits is', 'branches that wait are')} not started. `}
            What was done already is not undone.
          </Text>
          {cancel.error && <ErrorView error={cancel.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Let it run
            </Button>
            <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel the execution
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}

const counted = (count: number, one: string, many: string) => `${count.toLocaleString()} ${count === 1 ? one : many}`
