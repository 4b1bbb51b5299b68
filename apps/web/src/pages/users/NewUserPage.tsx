import { Button, Group, PasswordInput, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { NewUser, api, passwordMinLength } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { call } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { tellDone } from '../../ui/notices.ts'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { Section } from '../../ui/Section.tsx'
import { RolePicker } from './RolePicker.tsx'

type Values = {
  username: string
  displayName: string
  email: string
  password: string
  roles: string[]
  mustChangePassword: boolean
}

const bodyOf = ({ displayName, email, ...values }: Values) => ({
  ...values,
  displayName: displayName || undefined,
  email: email || null,
})

export const NewUserPage = () => {
  const router = useRouter()
  const form = useForm<Values>({
    initialValues: {
      username: '',
      displayName: '',
      email: '',
      password: '',
      roles: ['operator'],
      mustChangePassword: true,
    },
    validate: (values) => checkForm(NewUser, bodyOf(values)),
  })
  const save = useMutation({
    mutationFn: (values: Values) => call(api.users.create, { body: bodyOf(values) }),
    onSuccess: ({ uuid, username }) => {
      void changed('users')
      tellDone(`${username} can log in now`)
      void router.navigate({ to: '/users/$ref', params: { ref: uuid }, replace: true })
    },
    onError: (error) => showProblem(form, error, () => true),
  })
  return (
    <div style={{ maxWidth: 640 }}>
      <PageHeader title="New user" parent={{ to: '/users', label: 'Users' }} />
      <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
        <Stack gap="lg">
          <FormError error={save.error} form={form} />
          <Section title="User">
            <Stack gap="md">
              <TextInput
                label="User name"
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                {...form.getInputProps('username')}
              />
              <TextInput label="Full name (optional)" autoComplete="off" {...form.getInputProps('displayName')} />
              <TextInput label="E-mail (optional)" type="email" autoComplete="off" {...form.getInputProps('email')} />
              <RolePicker
                value={form.values.roles}
                error={form.errors['roles']}
                onChange={(roles) => form.setFieldValue('roles', roles)}
              />
              <PasswordInput
                label="First password"
                description={`At least ${passwordMinLength} characters`}
                autoComplete="new-password"
                {...form.getInputProps('password')}
              />
              <Switch
                label="Must be changed at the first log-in"
                {...form.getInputProps('mustChangePassword', { type: 'checkbox' })}
              />
            </Stack>
          </Section>
          <Group gap="xs">
            <Button type="submit" loading={save.isPending}>
              Add the user
            </Button>
            <Button variant="subtle" color="gray" onClick={() => void router.navigate({ to: '/users' })}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </form>
    </div>
  )
}
