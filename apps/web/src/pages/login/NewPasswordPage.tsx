import { Button, Stack } from '@mantine/core'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { session } from '../../session/index.ts'
import { PasswordForm } from '../profile/PasswordForm.tsx'
import { Gate } from './Gate.tsx'

const route = getRouteApi('/new-password')

/** Where a generated password leads: nothing else is open until it has been replaced. */
export const NewPasswordPage = () => {
  const { next } = route.useSearch()
  const router = useRouter()
  return (
    <Gate
      title="Choose a new password"
      note="The one you logged in with was made for you, and is good for this one purpose only."
    >
      <Stack gap="xs">
        <PasswordForm onDone={() => void router.navigate({ href: next ?? '/', replace: true })} isWide />
        <Button variant="subtle" color="gray" onClick={() => void session.logOut().then(() => router.invalidate())}>
          Log out
        </Button>
      </Stack>
    </Gate>
  )
}
