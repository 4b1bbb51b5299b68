import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { type User, api, passwordMinLength } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { tellDone } from '../../ui/notices.ts'

/** For somebody who has forgotten theirs. */
export const NewPasswordButton = ({ user }: { user: User }) => {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" onClick={open}>
        Set a password
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Set a password for ${user.displayName}`}>
        <Form user={user} onDone={close} />
      </Modal>
    </>
  )
}

const Form = ({ user, onDone }: { user: User; onDone: () => void }) => {
  const form = useForm({
    initialValues: { password: '' },
    validate: {
      password: (value) => (value.length < passwordMinLength ? `At least ${passwordMinLength} characters` : null),
    },
  })
  const save = useMutation({
    mutationFn: ({ password }: typeof form.values) =>
      call(api.users.update, { params: { ref: user.uuid }, body: { password } }),
    onSuccess: () => {
      void changed('users')
      tellDone(`${user.displayName} has a new password`)
      onDone()
    },
    onError: (error) => showProblem(form, error, () => true),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <Text size="sm">It must be changed at the next log-in.</Text>
        <FormError error={save.error} form={form} />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          data-autofocus
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Set the password
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
