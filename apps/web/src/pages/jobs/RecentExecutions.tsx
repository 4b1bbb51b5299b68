import { Anchor } from '@mantine/core'
import { api, type JobDetail } from '@opsconductor/contract'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { listOf } from '../../session/queries.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Section } from '../../ui/Section.tsx'
import { executionColumns } from '../executions/execution-columns.tsx'

/** The newest executions of a job. */
export const RecentExecutions = ({ job }: { job: JobDetail }) => {
  useLiveList('executions')
  const refetchInterval = usePollWhenDown()
  const list = useQuery({
    ...listOf(api.executions.list, { query: { job: job.serial, limit: 20 } }),
    refetchInterval,
  })
  if (list.error) return <ErrorView error={list.error} onRetry={() => void list.refetch()} />
  return (
    <Section
      title="Recent executions"
      isFlush
      actions={
        <Anchor size="sm" renderRoot={(rest) => <Link {...rest} to="/executions" search={{ job: job.serial }} />}>
          All executions of this job
        </Anchor>
      }
    >
      <DataTable
        caption="Recent executions"
        columns={executionColumns}
        rows={list.data?.items}
        rowKey={({ uuid }) => uuid}
        href={({ ref }) => `/executions/${ref}`}
        isStale={list.isPlaceholderData}
        empty={
          <EmptyState icon={IconPlayerPlay} title="Never run so far">
            Press Run: you choose the targets, see exactly which command each of them gets, and then start.
          </EmptyState>
        }
      />
    </Section>
  )
}
