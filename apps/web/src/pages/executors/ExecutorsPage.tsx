import { api, type Executor } from '@opsconductor/contract'
import { IconCpu } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../session/queries.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'

/** They say so often that they live. */
const askEveryMs = 3_000

/** Who runs branches, where, and how busy they are. */
export const ExecutorsPage = () => {
  const list = useQuery({ ...queryOf(api.executors.list, {}), refetchInterval: askEveryMs })
  return (
    <>
      <PageHeader
        title="Executors"
        description="The programs that take branches and run them on targets, each for the targets of its zone."
      />
      {list.error && <ErrorView error={list.error} onRetry={() => void list.refetch()} />}
      {!list.error && (
        <DataTable
          caption="Executors"
          columns={columns}
          rows={list.data?.items}
          rowKey={({ name }) => name}
          empty={
            <EmptyState icon={IconCpu} title="No executor is running">
              Nothing can run on targets. Start OpsConductor with the service executor.
            </EmptyState>
          }
        />
      )}
    </>
  )
}

const columns: readonly Column<Executor>[] = [
  { label: 'Executor', cell: ({ name }) => <span className="mono">{name}</span> },
  {
    label: 'State',
    width: '140px',
    cell: ({ isLive }) => <StatusBadge status={isLive ? 'active' : 'unknown'} label={isLive ? 'Live' : 'Silent'} />,
  },
  { label: 'Zone', width: '160px', cell: ({ zone }) => zone },
  {
    label: 'Branches',
    width: '160px',
    cell: ({ running, slots, isLive }) => (
      <span className="number">
        {isLive ? running.toLocaleString('en') : '–'} of {slots.toLocaleString('en')}
      </span>
    ),
  },
  { label: 'Started', width: '140px', from: 'md', cell: ({ startedAt }) => <TimeText at={startedAt} /> },
  { label: 'Heard of', width: '140px', from: 'sm', cell: ({ seenAt }) => <TimeText at={seenAt} /> },
]
