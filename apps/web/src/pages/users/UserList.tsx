import { type User, api } from '@opsconductor/contract'
import { IconSearchOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { listOf } from '../../session/queries.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { FilterSelect, Filters, SearchField } from '../../ui/Filters.tsx'
import { ListFrame } from '../../ui/ListFrame.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'

const columns: readonly Column<User>[] = [
  {
    label: 'Name',
    cell: ({ displayName, username }) => (
      <TwoLines first={displayName} second={<span className="mono">{username}</span>} />
    ),
  },
  { label: 'E-mail', cell: ({ email }) => email ?? '–', width: '26%', from: 'md' },
  { label: 'Roles', cell: ({ roles }) => roles.join(', '), width: '20%', from: 'sm' },
  { label: 'State', cell: ({ status }) => <StatusBadge status={status} />, width: '140px' },
  {
    label: 'Last log-in',
    cell: ({ lastLoginAt }) => <TimeText at={lastLoginAt} never="Never" />,
    width: '150px',
    from: 'sm',
  },
]

type Props = { search: { q?: string; cursor?: string; status?: User['status'] } }

export const UserList = ({ search: { q, cursor, status } }: Props) => {
  useLiveList('users')
  const query = useQuery({
    ...listOf(api.users.list, { query: { q, cursor, status } }),
    refetchInterval: usePollWhenDown(),
  })
  return (
    <>
      <Filters>
        <SearchField q={q} label="Search by name or e-mail" />
        <FilterSelect
          name="status"
          label="State"
          value={status}
          data={[
            { value: 'active', label: 'Active' },
            { value: 'deactivated', label: 'Deactivated' },
          ]}
        />
      </Filters>
      <ListFrame query={query} cursor={cursor}>
        <DataTable
          caption="Users"
          columns={columns}
          rows={query.data?.items}
          rowKey={({ uuid }) => uuid}
          href={({ uuid }) => `/users/${uuid}`}
          isStale={query.isPlaceholderData}
          empty={
            <EmptyState icon={IconSearchOff} title="No user matches">
              Take a filter away, or search for something else.
            </EmptyState>
          }
        />
      </ListFrame>
    </>
  )
}
