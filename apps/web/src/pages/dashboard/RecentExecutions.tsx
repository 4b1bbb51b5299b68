import type { Execution } from '@opsconductor/contract'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMay } from '../../session/index.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { Section } from '../../ui/Section.tsx'
import { executionColumns } from '../executions/execution-columns.tsx'

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
        columns={executionColumns}
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
