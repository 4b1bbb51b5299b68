import { Tabs } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { getRouteApi } from '@tanstack/react-router'
import { useMay } from '../../session/index.ts'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { RoleList } from './RoleList.tsx'
import { UserList } from './UserList.tsx'

const route = getRouteApi('/app/users')

export const UsersPage = () => {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const may = useMay()
  return (
    <>
      <PageHeader
        title="Users and roles"
        description="Who may log in, and what each may do."
        actions={
          may('users.create') && (
            <LinkButton to="/users/new" leftSection={<IconPlus size={16} aria-hidden />}>
              New user
            </LinkButton>
          )
        }
      />
      <Tabs
        value={search.view ?? 'users'}
        keepMounted={false}
        onChange={(view) => void navigate({ search: view === 'roles' ? { view } : {} })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="users">Users</Tabs.Tab>
          {may('roles.read') && <Tabs.Tab value="roles">Roles</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="users">
          <UserList search={search} />
        </Tabs.Panel>
        <Tabs.Panel value="roles">
          <RoleList />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
