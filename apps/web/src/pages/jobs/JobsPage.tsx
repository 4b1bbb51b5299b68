import { Anchor, Button, Text } from '@mantine/core'
import { api, type Job } from '@opsconductor/contract'
import { IconHierarchy2, IconPlayerPlay, IconPlus, IconSearchOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { useMay } from '../../session/index.ts'
import { listOf } from '../../session/queries.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ArchivedSwitch, Filters, FilterSelect, SearchField } from '../../ui/Filters.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { ListFrame } from '../../ui/ListFrame.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { Tags } from '../../ui/Tags.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'

const columns: readonly Column<Job>[] = [
  {
    label: 'Name',
    cell: ({ name, serial, isEnabled }) => (
      <TwoLines
        first={name}
        second={
          <>
            <span className="mono">{serial}</span>
            {!isEnabled && ' · disabled'}
          </>
        }
      />
    ),
  },
  { label: 'State', width: '120px', cell: ({ state }) => <StatusBadge status={state} /> },
  { label: 'Tags', width: '170px', from: 'lg', cell: ({ tags }) => <Tags tags={tags} most={3} /> },
  { label: 'Steps', width: '70px', align: 'end', from: 'md', cell: ({ stepCount }) => stepCount },
  {
    label: 'Last execution',
    width: '150px',
    from: 'sm',
    cell: ({ serial, lastExecution }) =>
      lastExecution === null ? (
        <Text span size="sm" c="dimmed">
          never
        </Text>
      ) : (
        <>
          <Anchor
            size="sm"
            renderRoot={(rest) => (
              <Link {...rest} to="/executions/$ref" params={{ ref: `${serial}.${lastExecution.number}` }} />
            )}
          >
            #{lastExecution.number} {lastExecution.status}
          </Anchor>
          {lastExecution.finishedAt && (
            <Text span display="block" size="xs" c="dimmed">
              <TimeText at={lastExecution.finishedAt} />
            </Text>
          )}
        </>
      ),
  },
  { label: 'Changed', width: '130px', from: 'lg', cell: ({ updatedAt }) => <TimeText at={updatedAt} /> },
]

const runColumn: Column<Job> = {
  label: 'Run',
  isLabelHidden: true,
  width: '60px',
  align: 'end',
  cell: (job) =>
    job.archivedAt === null &&
    job.isEnabled && (
      <Button
        size="xs"
        px={10}
        variant="default"
        renderRoot={(rest) => <Link {...rest} to="/jobs/$ref" params={{ ref: job.serial }} search={{ run: 'true' }} />}
        aria-label={`Run ${job.name}`}
      >
        <IconPlayerPlay size={14} aria-hidden />
        <Text span visibleFrom="sm" ml={6} fz="inherit">
          Run
        </Text>
      </Button>
    ),
}

const sorts = [
  { value: 'name', label: 'Name, A to Z' },
  { value: '-name', label: 'Name, Z to A' },
  { value: '-createdAt', label: 'Newest first' },
  { value: 'createdAt', label: 'Oldest first' },
]

export const JobsPage = () => {
  const search = useSearch({ from: '/app/jobs' })
  const may = useMay()
  useLiveList('jobs')
  const refetchInterval = usePollWhenDown()
  const query = useQuery({ ...listOf(api.jobs.list, { query: { ...search } }), refetchInterval })
  const isNarrowed = Boolean(search.q ?? search.tag ?? search.archived ?? search.folder)
  const create = may('jobs.create') && (
    <LinkButton to="/jobs/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New job
    </LinkButton>
  )
  // tags of other pages are not known; those in view and the chosen one are offered
  const tags = [...new Set([search.tag, ...(query.data?.items.flatMap(({ tags }) => tags) ?? [])])].filter(
    (tag) => tag !== undefined,
  )
  return (
    <>
      <PageHeader title="Jobs" description="What may be run, and on which targets." actions={create} />
      <Filters>
        <SearchField q={search.q} label="Search jobs" />
        <FilterSelect name="tag" label="Any tag" value={search.tag} data={tags.sort()} />
        <FilterSelect name="sort" label="Order" value={search.sort} data={sorts} />
        <ArchivedSwitch archived={search.archived !== undefined} />
      </Filters>
      <ListFrame query={query} cursor={search.cursor}>
        <DataTable
          caption="Jobs"
          columns={may('executions.start') ? [...columns, runColumn] : columns}
          rows={query.data?.items}
          rowKey={({ uuid }) => uuid}
          href={({ serial }) => `/jobs/${serial}`}
          isStale={query.isPlaceholderData}
          empty={
            isNarrowed ? (
              <EmptyState icon={IconSearchOff} title="No job matches">
                Take a filter away, or search for something else.
              </EmptyState>
            ) : (
              <EmptyState icon={IconHierarchy2} title="No jobs yet" actions={create}>
                A job is a list of steps, such as a command over SSH, that runs on one target or on a thousand.{' '}
                {may('jobs.create')
                  ? 'Write the first one: a name and one command are enough.'
                  : 'Ask somebody who may write jobs for the first one.'}
              </EmptyState>
            )
          }
        />
      </ListFrame>
    </>
  )
}
