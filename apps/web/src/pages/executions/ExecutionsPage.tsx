import { Button, CloseButton, Text } from '@mantine/core'
import { api, ExecutionStatus } from '@opsconductor/contract'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { listOf } from '../../session/queries.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { Filters, FilterSelect, SearchField, useFilter } from '../../ui/Filters.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { ListFrame } from '../../ui/ListFrame.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { useNowMs } from '../../ui/TimeText.tsx'
import { executionColumns } from './execution-columns.tsx'
import { beginOf, periodChoices } from './period.ts'

export const ExecutionsPage = () => {
  const { status, needsAttention, period, job, target, q, cursor } = useSearch({ from: '/app/executions' })
  const filter = useFilter()
  const nowMs = useNowMs()
  const queuedAfter = period && beginOf(period, nowMs)
  const refetchInterval = usePollWhenDown()
  const list = useQuery({
    ...listOf(api.executions.list, { query: { status, needsAttention, queuedAfter, job, target, q, cursor } }),
    refetchInterval,
  })
  useLiveList('executions')
  const isFiltered = [status, needsAttention, period, job, target, q].some((value) => value !== undefined)
  return (
    <>
      <PageHeader title="Executions" description="What runs and what ran, newest first." />
      <Filters>
        <SearchField q={q} label="Search executions" />
        <FilterSelect
          name="status"
          label="Status"
          value={needsAttention ? attention.value : status}
          data={statusChoices}
          toSearch={(value) =>
            value === attention.value
              ? { status: undefined, needsAttention: 'true' }
              : { status: value, needsAttention: undefined }
          }
        />
        <FilterSelect name="period" label="Queued" value={period} data={periodChoices} />
        {job !== undefined && <Narrowed what="Job" value={job} onClear={() => filter({ job: undefined })} />}
        {target !== undefined && (
          <Narrowed what="Target" value={target} onClear={() => filter({ target: undefined })} />
        )}
      </Filters>
      <ListFrame query={list} cursor={cursor}>
        <DataTable
          caption="Executions"
          columns={executionColumns}
          rows={list.data?.items}
          rowKey={({ uuid }) => uuid}
          href={({ ref }) => `/executions/${ref}`}
          isStale={list.isPlaceholderData}
          empty={
            isFiltered ? (
              <EmptyState
                icon={IconPlayerPlay}
                title="No execution is like that"
                actions={
                  <Button
                    variant="default"
                    onClick={() =>
                      filter({
                        status: undefined,
                        needsAttention: undefined,
                        period: undefined,
                        job: undefined,
                        target: undefined,
                        q: undefined,
                      })
                    }
                  >
                    Show all
                  </Button>
                }
              />
            ) : (
              <EmptyState
                icon={IconPlayerPlay}
                title="Nothing has run yet"
                actions={<LinkButton to="/jobs">Choose a job</LinkButton>}
              >
                Open a job and press Run: it appears here, and its output can be watched live.
              </EmptyState>
            )
          }
        />
      </ListFrame>
    </>
  )
}

const attention = { value: 'needsAttention', label: 'Needs attention' }

const statusChoices = [
  ...ExecutionStatus.options.map((status) => ({
    value: status as string,
    label: status.charAt(0).toUpperCase() + status.slice(1),
  })),
  attention,
]

const Narrowed = ({ what, value, onClear }: { what: string; value: string; onClear: () => void }) => (
  <Text size="sm" component="span" style={{ display: 'inline-flex', alignItems: 'center', gap: 4 }}>
    {what}: <span className="mono">{value}</span>
    <CloseButton size="sm" aria-label={`Show every ${what.toLowerCase()}`} onClick={onClear} />
  </Text>
)
