import { Grid, Stack } from '@mantine/core'
import { type User, api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { call, useMay, useMe } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { Section } from '../../ui/Section.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { NewPasswordButton } from './NewPasswordButton.tsx'
import { UserForm } from './UserForm.tsx'

const route = getRouteApi('/app/users/$ref')

export const UserPage = () => {
  const { ref } = route.useParams()
  const { data: user, error, refetch } = useQuery(queryOf(api.users.read, { params: { ref } }))
  return (
    <>
      <PageHeader
        title={user?.displayName ?? 'User'}
        parent={{ to: '/users', label: 'Users' }}
        badge={user && <StatusBadge status={user.status} />}
        description={user && <span className="mono">{user.username}</span>}
        actions={user && <Actions user={user} />}
      />
      {error && <ErrorView error={error} onRetry={() => void refetch()} />}
      {!user && !error && <PagePending />}
      {user && (
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 7 }}>
            <Section title="Account">
              <UserForm key={user.revision} user={user} />
            </Section>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 5 }}>
            <Stack gap="lg">
              <Section title="About">
                <Facts
                  facts={{
                    'Last log-in': <TimeText at={user.lastLoginAt} never="Never" />,
                    Password: user.mustChangePassword && 'Must be changed at the next log-in',
                    Created: <TimeText at={user.createdAt} />,
                    Changed: <TimeText at={user.updatedAt} />,
                    UUID: <Identifier value={user.uuid} what="UUID" />,
                  }}
                />
              </Section>
            </Stack>
          </Grid.Col>
        </Grid>
      )}
    </>
  )
}

const Actions = ({ user }: { user: User }) => {
  const may = useMay()
  const me = useMe()
  const params = { ref: user.uuid }
  const afterwards = async (done: Promise<User>) => {
    await done
    await changed('users')
  }
  const isMe = me.uuid === user.uuid
  return (
    <>
      {may('users.update') && !isMe && <NewPasswordButton user={user} />}
      {user.status === 'active' && may('users.deactivate') && !isMe && (
        <ConfirmButton
          label="Deactivate"
          title={`Deactivate ${user.displayName}?`}
          isDangerous
          action={() => afterwards(call(api.users.deactivate, { params }))}
        >
          All sessions end at once and nobody can log in as {user.username} any more. History keeps the name, and the
          account can be activated again.
        </ConfirmButton>
      )}
      {user.status === 'deactivated' && may('users.update') && (
        <ConfirmButton
          label="Activate"
          title={`Activate ${user.displayName}?`}
          action={() => afterwards(call(api.users.update, { params, body: { status: 'active' } }))}
        >
          The user can log in again, with the same roles as before.
        </ConfirmButton>
      )}
    </>
  )
}
