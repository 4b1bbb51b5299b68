import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { type Credential, api, credentialSecrets } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { tellDone } from '../../ui/notices.ts'
import { SecretFields, type SecretValues } from './SecretFields.tsx'
import { secretOf, secretPath } from './secret-shapes.ts'

/** A new secret in place of the old one; everything that uses the credential uses the new one from then on. */
export const RotateButton = ({ credential }: { credential: Credential }) => {
  const [isOpen, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" onClick={open}>
        Replace the secret
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Replace the secret of ${credential.name}`} size="lg">
        <RotateForm credential={credential} onDone={close} />
      </Modal>
    </>
  )
}

const withPrefix = (path: string) => secretPath(path.startsWith('secret.') ? path : `secret.${path}`)

const RotateForm = ({ credential, onDone }: { credential: Credential; onDone: () => void }) => {
  const { uuid, type, username, name } = credential
  const form = useForm<SecretValues>({
    initialValues: { secret: username === null ? {} : { username } },
    validate: ({ secret }) =>
      Object.fromEntries(
        Object.entries(checkForm(credentialSecrets[type], secretOf(secret))).map(([path, text]) => [
          withPrefix(path),
          text,
        ]),
      ),
  })
  const rotate = useMutation({
    mutationFn: ({ secret }: typeof form.values) =>
      call(api.credentials.rotate, { params: { ref: uuid }, body: secretOf(secret) }),
    onSuccess: () => {
      void changed('credentials')
      tellDone(`${name} has a new secret`)
      onDone()
    },
    onError: (error) => showProblem(form, error, () => true, withPrefix),
  })
  return (
    <form onSubmit={form.onSubmit((values) => rotate.mutate(values))} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {credential.targetCount === 0
            ? 'The old secret is forgotten at once.'
            : `${credential.targetCount} ${credential.targetCount === 1 ? 'target uses' : 'targets use'} it. Connections opened from now on use the new secret; the old one is forgotten at once.`}
        </Text>
        <FormError error={rotate.error} form={form} rename={withPrefix} />
        <SecretFields type={type} form={form} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={rotate.isPending}>
            Replace the secret
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
