import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { session, useSession } from '../../session/index.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Gate } from './Gate.tsx'

const route = getRouteApi('/login')

export const LoginPage = () => {
  const { next } = route.useSearch()
  const router = useRouter()
  const state = useSession()
  const form = useForm({
    initialValues: { username: '', password: '' },
    validate: {
      username: (value) => (value.trim() === '' ? 'Enter your user name' : null),
      password: (value) => (value === '' ? 'Enter your password' : null),
    },
  })
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const logIn = useMutation({
    mutationFn: ({ username, password }: typeof form.values) => session.logIn(username, password),
    onSuccess: () => router.navigate({ href: next ?? '/', replace: true }),
    onError: () => form.setFieldValue('password', ''),
  })
  return (
    <Gate
      title="Log in"
      note={
        state.status === 'out' && state.why === 'ended'
          ? 'Your session has ended. Log in to go on where you were.'
          : undefined
      }
    >
      <form onSubmit={form.onSubmit((values) => logIn.mutate(values))} noValidate>
        <Stack gap="md">
          {logIn.error && <ErrorView error={logIn.error} />}
          <TextInput
            label="User name"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            ref={first}
            required
            withAsterisk={false}
            size="md"
            key={form.key('username')}
            {...form.getInputProps('username')}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            size="md"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" size="md" fullWidth loading={logIn.isPending}>
            Log in
          </Button>
        </Stack>
      </form>
    </Gate>
  )
}
