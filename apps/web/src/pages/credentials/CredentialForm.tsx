import { Button, Group, Select, Stack, TextInput, Textarea } from '@mantine/core'
import { useForm } from '@mantine/form'
import { type Credential, type CredentialType, NewCredential, api } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm, filled } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { SecretFields } from './SecretFields.tsx'
import { secretOf, secretPath } from './secret-shapes.ts'
import { credentialChoices } from './words.ts'

type Values = { name: string; description: string; type: CredentialType; secret: Record<string, string> }
type Props = {
  /** That it begins with; an SSH key unless told. */
  type?: CredentialType | undefined
  onSaved: (credential: Credential) => void
  onCancel: () => void
}

/** A new credential; on a page of its own and, while one writes down a target, in a dialog. */
export const CredentialForm = ({ type = 'ssh_key', onSaved, onCancel }: Props) => {
  const form = useForm<Values>({
    initialValues: { name: '', description: '', type, secret: {} },
    validate: (values) => atFields(checkForm(NewCredential, bodyOf(values))),
  })
  const save = useMutation({
    mutationFn: (values: typeof form.values) => call(api.credentials.create, { body: bodyOf(values) as NewCredential }),
    onSuccess: (credential) => {
      void changed('credentials')
      onSaved(credential)
    },
    onError: (error) => showProblem(form, error, () => true, secretPath),
  })
  return (
    <form
      noValidate
      onSubmit={(event) => {
        // in the dialog this form lies, for React, inside the one of the target
        event.stopPropagation()
        form.onSubmit((values) => save.mutate(values))(event)
      }}
    >
      <Stack gap="md">
        <FormError error={save.error} form={form} rename={secretPath} />
        <TextInput
          label="Name"
          description="What you will choose it by, e.g. “deploy key”"
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <Select
          label="Type"
          data={credentialChoices}
          allowDeselect={false}
          value={form.values.type}
          onChange={(type) => {
            if (type === null) return
            form.setValues({ type: type as CredentialType, secret: {} })
            form.clearErrors()
          }}
        />
        <SecretFields type={form.values.type} form={form} />
        <Textarea
          label="Description (optional)"
          autosize
          minRows={2}
          maxRows={6}
          {...form.getInputProps('description')}
        />
        <Group gap="xs" mt="xs">
          <Button type="submit" loading={save.isPending}>
            Save the credential
          </Button>
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const atFields = (mistakes: Record<string, string>) =>
  Object.fromEntries(Object.entries(mistakes).map(([path, text]) => [secretPath(path), text]))

const bodyOf = ({ name, description, type, secret }: Values) => ({
  name,
  type,
  secret: secretOf(secret),
  ...filled({ description }),
})
