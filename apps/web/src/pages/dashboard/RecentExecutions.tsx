import type { Execution } from '@opsconductor/contract'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMay } from '../../session/index.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { Section } from '../../ui/Section.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { duration } from '../../ui/time.ts'
import { TwoLines } from '../../ui/TwoLines.tsx'

const columns: readonly Column<Execution>[] = [
  {
    label: 'Job',
    cell: ({ job, ref }) => <TwoLines first={job.name} second={<span className="mono">{ref}</span>} />,
  },
  {
    label: 'Status',
    cell: ({ status, needsAttention }) =>
      needsAttention ? <StatusBadge status="needs attention" tone="amber" /> : <StatusBadge status={status} />,
    width: '160px',
  },
  { label: 'Targets', cell: (execution) => outcome(execution), width: '190px', from: 'sm' },
  { label: 'By', cell: ({ requestedBy }) => requestedBy, width: '140px', from: 'md' },
  { label: 'Started', cell: ({ startedAt, queuedAt }) => <TimeText at={startedAt ?? queuedAt} />, width: '150px' },
  { label: 'Took', cell: (execution) => took(execution), width: '110px', align: 'end', from: 'sm' },
]

const outcome = ({ counts: { total, completed, failed, lost } }: Execution) => {
  const bad = failed + lost
  if (total === completed) return total === 1 ? '1 done' : `All ${total} done`
  return [`${completed} of ${total} done`, bad > 0 && `${bad} failed`].filter(Boolean).join(', ')
}

const took = ({ startedAt, finishedAt }: Execution) =>
  startedAt === null || finishedAt === null ? '–' : duration(Date.parse(finishedAt) - Date.parse(startedAt))

export const RecentExecutions = ({ executions }: { executions: readonly Execution[] | undefined }) => {
  const may = useMay()
  return (
    <Section
      title="Recent executions"
      isFlush
      actions={
        <LinkButton to="/executions" variant="default" size="xs">
          All executions
        </LinkButton>
      }
    >
      <DataTable
        caption="Recent executions"
        columns={columns}
        rows={executions}
        rowKey={({ uuid }) => uuid}
        href={({ ref }) => `/executions/${ref}`}
        empty={
          <EmptyState
            icon={IconPlayerPlay}
            title="Nothing has run yet"
            actions={
              may('jobs.read') && (
                <LinkButton to="/jobs" variant="default">
                  To the jobs
                </LinkButton>
              )
            }
          >
            Run a job and watch here how it goes.
          </EmptyState>
        }
      />
    </Section>
  )
}
