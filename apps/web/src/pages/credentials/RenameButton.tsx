import { Button, Group, Modal, Stack, TextInput, Textarea } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { type Credential, api } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'

export const RenameButton = ({ credential }: { credential: Credential }) => {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" onClick={open}>
        Edit
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Edit ${credential.name}`}>
        <RenameForm credential={credential} onDone={close} />
      </Modal>
    </>
  )
}

const RenameForm = ({ credential, onDone }: { credential: Credential; onDone: () => void }) => {
  const form = useForm({
    initialValues: { name: credential.name, description: credential.description },
    validate: (values) => checkForm(api.credentials.update.body, values),
  })
  const save = useMutation({
    mutationFn: (body: typeof form.values) => call(api.credentials.update, { params: { ref: credential.uuid }, body }),
    onSuccess: async () => {
      await changed('credentials')
      onDone()
    },
    onError: (error) => showProblem(form, error, () => true),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <FormError error={save.error} form={form} />
        <TextInput label="Name" data-autofocus {...form.getInputProps('name')} />
        <Textarea
          label="Description (optional)"
          autosize
          minRows={2}
          maxRows={8}
          {...form.getInputProps('description')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
