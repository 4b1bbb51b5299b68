import { type Target, addressOf, api } from '@opsconductor/contract'
import { IconPlus, IconSearchOff, IconServer2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { useMay } from '../../session/index.ts'
import { listOf } from '../../session/queries.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ArchivedSwitch, FilterSelect, FilterWord, Filters, SearchField } from '../../ui/Filters.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { ListFrame } from '../../ui/ListFrame.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { Tags } from '../../ui/Tags.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'
import { environments, healthChoices, methodWords, osChoices, osWords } from './words.ts'

const columns: readonly Column<Target>[] = [
  {
    label: 'Name',
    cell: ({ name, serial }) => <TwoLines first={name} second={<span className="mono">{serial}</span>} />,
  },
  { label: 'Reached by', cell: (target) => <Reach target={target} />, width: '22%', from: 'sm' },
  { label: 'System', cell: ({ osType }) => osWords[osType], width: '100px', from: 'xl' },
  { label: 'Environment', cell: ({ environment }) => environment ?? '–', width: '125px', from: 'md' },
  { label: 'Tags', cell: ({ tags }) => <Tags tags={tags} most={3} />, width: '15%', from: 'lg' },
  {
    label: 'Health',
    cell: ({ health, status }) => <StatusBadge status={status === 'active' ? health : status} />,
    width: '115px',
  },
  {
    label: 'Tested',
    cell: ({ lastTestedAt }) => <TimeText at={lastTestedAt} never="Never" />,
    width: '140px',
    from: 'md',
  },
]

const Reach = ({ target }: { target: Target }) => {
  const method = target.methods.find(({ isPrimary }) => isPrimary) ?? target.methods[0]
  if (method === undefined) return '–'
  const { host, port } = addressOf(method)
  const others = target.methods.length - 1
  return (
    <TwoLines
      first={<span className="mono">{method.type === 'local' ? 'localhost' : `${host}:${port}`}</span>}
      second={others > 0 ? `${methodWords[method.type]}, and ${others} more` : methodWords[method.type]}
    />
  )
}

const route = getRouteApi('/app/targets')

export const TargetsPage = () => {
  const search = route.useSearch()
  const may = useMay()
  useLiveList('targets')
  const query = useQuery({ ...listOf(api.targets.list, { query: search }), refetchInterval: usePollWhenDown() })
  const { cursor, sort: _sort, ...narrowing } = search
  const isNarrowed = Object.values(narrowing).some((value) => value !== undefined)
  const create = may('targets.create') && (
    <LinkButton to="/targets/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New target
    </LinkButton>
  )
  return (
    <>
      <PageHeader title="Targets" description="Everything that jobs can reach, and how." actions={create} />
      <Filters>
        <SearchField q={search.q} label="Search by name, address or serial" />
        <FilterSelect name="environment" label="Environment" value={search.environment} data={environments} />
        <FilterSelect name="osType" label="System" value={search.osType} data={osChoices} />
        <FilterSelect name="health" label="Health" value={search.health} data={healthChoices} />
        <FilterWord name="tag" label="Tag" value={search.tag} />
        <ArchivedSwitch archived={search.archived !== undefined} />
      </Filters>
      <ListFrame query={query} cursor={cursor}>
        <DataTable
          caption="Targets"
          columns={columns}
          rows={query.data?.items}
          rowKey={({ uuid }) => uuid}
          href={({ serial }) => `/targets/${serial}`}
          isStale={query.isPlaceholderData}
          empty={
            isNarrowed ? (
              <EmptyState icon={IconSearchOff} title="No target matches">
                Take a filter away, or search for something else.
              </EmptyState>
            ) : (
              <EmptyState icon={IconServer2} title="No targets yet" actions={create}>
                A target is anything that jobs can reach: a machine, a switch, an API. Begin with one Linux machine and
                an SSH key.
              </EmptyState>
            )
          }
        />
      </ListFrame>
    </>
  )
}
