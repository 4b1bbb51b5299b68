import { Button, PasswordInput, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { api, passwordMinLength } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call, session, useSession } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'

const fields = ['currentPassword', 'newPassword']

export const PasswordForm = ({ onDone, isWide = false }: { onDone: () => void; isWide?: boolean }) => {
  const state = useSession()
  const form = useForm({
    initialValues: { currentPassword: '', newPassword: '', repeated: '' },
    validate: {
      currentPassword: (value) => (value === '' ? 'The password you logged in with' : null),
      newPassword: (value, { currentPassword }) => {
        if (value.length < passwordMinLength) return `At least ${passwordMinLength} characters`
        return value === currentPassword ? 'Choose another than the current one' : null
      },
      repeated: (value, { newPassword }) => (value === newPassword ? null : 'The two are not the same'),
    },
  })
  const change = useMutation({
    mutationFn: ({ currentPassword, newPassword }: typeof form.values) =>
      call(api.auth.changePassword, { body: { currentPassword, newPassword } }),
    onSuccess: (me) => {
      form.reset()
      session.update(me)
      void changed('auth')
      onDone()
    },
    onError: (error) => showProblem(form, error, (path) => fields.includes(path)),
  })
  return (
    <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
      <Stack gap="md" maw={isWide ? undefined : 400}>
        <FormError error={change.error} form={form} />
        {/* tells password managers whose password this is */}
        <input
          type="text"
          autoComplete="username"
          value={state.status === 'in' ? state.me.username : ''}
          readOnly
          hidden
        />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          key={form.key('currentPassword')}
          {...form.getInputProps('currentPassword')}
        />
        <PasswordInput
          label="New password"
          description={`At least ${passwordMinLength} characters. A sentence is easier to remember than a riddle.`}
          autoComplete="new-password"
          key={form.key('newPassword')}
          {...form.getInputProps('newPassword')}
        />
        <PasswordInput
          label="New password again"
          autoComplete="new-password"
          key={form.key('repeated')}
          {...form.getInputProps('repeated')}
        />
        <Button type="submit" loading={change.isPending} style={{ alignSelf: isWide ? 'stretch' : 'flex-start' }}>
          Change the password
        </Button>
      </Stack>
    </form>
  )
}
