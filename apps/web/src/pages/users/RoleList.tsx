import { Accordion, Text } from '@mantine/core'
import { api, permissions } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../session/queries.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import classes from './RoleList.module.css'

export const RoleList = () => {
  const { data, error, refetch } = useQuery(queryOf(api.roles.list, {}))
  if (error) return <ErrorView error={error} onRetry={() => void refetch()} />
  if (!data) return <PagePending />
  return (
    <Accordion variant="separated" multiple order={2}>
      {data.items.map((role) => (
        <Accordion.Item key={role.uuid} value={role.uuid}>
          <Accordion.Control>
            <span className={classes.title}>{role.title}</span>
            <Text component="span" size="sm" c="dimmed" display="block">
              {role.description}
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            {role.permissions.length === 0 ? (
              <Text size="sm" c="dimmed">
                No permissions beyond the own profile.
              </Text>
            ) : (
              <ul className={classes.permissions}>
                {role.permissions.map((permission) => (
                  <li key={permission}>
                    <span>{permissions[permission]}</span>
                    <span className="mono">{permission}</span>
                  </li>
                ))}
              </ul>
            )}
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}
