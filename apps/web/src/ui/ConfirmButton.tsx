import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ErrorView } from './ErrorView.tsx'

type Props = {
  /** On the button: "Archive". */
  label: string
  /** Over the question: "Archive web-01?" */
  title: string
  /** What will happen, and what will not. */
  children: ReactNode
  /** On the button that does it; the label otherwise. */
  confirm?: string
  /** On the button that leaves everything as it is: "Keep it" where "Cancel" would be the thing asked about. */
  dismiss?: string
  isDangerous?: boolean
  action: () => Promise<unknown>
  button?: Omit<ButtonProps, 'children'> & { 'aria-label'?: string }
}

/** Asks first, says what it does, and shows in the dialog itself when that fails. */
export const ConfirmButton = ({
  label,
  title,
  children,
  confirm = label,
  dismiss = 'Cancel',
  isDangerous = false,
  action,
  button,
}: Props) => {
  const [isOpen, { open, close }] = useDisclosure(false)
  const act = useMutation({ mutationFn: action, onSuccess: close })
  return (
    <>
      <Button
        variant="default"
        {...button}
        onClick={() => {
          act.reset()
          open()
        }}
      >
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title} centered>
        <Stack gap="md">
          <Text size="sm" component="div">
            {children}
          </Text>
          {act.error && <ErrorView error={act.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              {dismiss}
            </Button>
            <Button color={isDangerous ? 'red' : undefined} loading={act.isPending} onClick={() => act.mutate()}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
