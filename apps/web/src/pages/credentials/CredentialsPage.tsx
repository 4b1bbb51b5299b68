import { type Credential, api } from '@opsconductor/contract'
import { IconKey, IconPlus, IconSearchOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { useMay } from '../../session/index.ts'
import { listOf } from '../../session/queries.ts'
import { Clamped } from '../../ui/Clamped.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ArchivedSwitch, FilterSelect, Filters, SearchField } from '../../ui/Filters.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { ListFrame } from '../../ui/ListFrame.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { credentialChoices, credentialWords } from './words.ts'

const columns: readonly Column<Credential>[] = [
  { label: 'Name', cell: ({ name }) => <Clamped text={name} /> },
  { label: 'Type', cell: ({ type }) => credentialWords[type], width: '210px', from: 'sm' },
  {
    label: 'User name',
    cell: ({ username }) => (username === null ? '–' : <span className="mono">{username}</span>),
    width: '180px',
  },
  { label: 'Targets', cell: ({ targetCount }) => targetCount, width: '90px', align: 'end', from: 'sm' },
  {
    label: 'Last used',
    cell: ({ lastUsedAt }) => <TimeText at={lastUsedAt} never="Never" />,
    width: '150px',
    from: 'sm',
  },
  { label: 'Secret changed', cell: ({ rotatedAt }) => <TimeText at={rotatedAt} />, width: '150px', from: 'md' },
]

const route = getRouteApi('/app/credentials')

export const CredentialsPage = () => {
  const search = route.useSearch()
  const may = useMay()
  useLiveList('credentials')
  const query = useQuery({
    ...listOf(api.credentials.list, { query: { ...search } }),
    refetchInterval: usePollWhenDown(),
  })
  const isNarrowed = search.q !== undefined || search.type !== undefined || search.archived !== undefined
  const create = may('credentials.create') && (
    <LinkButton to="/credentials/new" search={{ type: search.type }} leftSection={<IconPlus size={16} aria-hidden />}>
      New credential
    </LinkButton>
  )
  return (
    <>
      <PageHeader
        title="Credentials"
        description="Keys and passwords in the vault. Their secrets go in and never come out again."
        actions={create}
      />
      <Filters>
        <SearchField q={search.q} label="Search by name" />
        <FilterSelect name="type" label="Type" value={search.type} data={credentialChoices} />
        <ArchivedSwitch archived={search.archived !== undefined} />
      </Filters>
      <ListFrame query={query} cursor={search.cursor}>
        <DataTable
          caption="Credentials"
          columns={columns}
          rows={query.data?.items}
          rowKey={({ uuid }) => uuid}
          href={({ uuid }) => `/credentials/${uuid}`}
          isStale={query.isPlaceholderData}
          empty={
            isNarrowed ? (
              <EmptyState icon={IconSearchOff} title="No credential matches">
                Take a filter away, or search for something else.
              </EmptyState>
            ) : (
              <EmptyState icon={IconKey} title="No credentials yet" actions={create}>
                With a credential, such as an SSH key, OpsConductor logs in to your targets. Many targets can share one.
              </EmptyState>
            )
          }
        />
      </ListFrame>
    </>
  )
}
