import { SimpleGrid, Stack } from '@mantine/core'
import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { useMay, useMe } from '../../session/index.ts'
import { listOf } from '../../session/queries.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { IconUserCircle } from '@tabler/icons-react'
import classes from './DashboardPage.module.css'
import { FirstSteps, isNewHere } from './FirstSteps.tsx'
import { RecentExecutions } from './RecentExecutions.tsx'
import { Stat } from './Stat.tsx'
import { TargetHealthBar } from './TargetHealthBar.tsx'

export const DashboardPage = () => {
  const may = useMay()
  return (
    <>
      <PageHeader title="Dashboard" />
      {may('executions.read') ? <Overview /> : <Welcome />}
    </>
  )
}

const Overview = () => {
  const may = useMay()
  useLiveList('executions', 'dashboard')
  useLiveList('targets', 'dashboard')
  useLiveList('jobs', 'dashboard')
  const { data, error, refetch } = useQuery({
    ...listOf(api.dashboard.read, {}),
    refetchInterval: usePollWhenDown(),
  })
  if (error && !data) return <ErrorView error={error} onRetry={() => void refetch()} />
  const { executions, targets, jobs, credentials } = data ?? {}
  return (
    <Stack gap="lg">
      {data && isNewHere(data) && <FirstSteps dashboard={data} />}
      <div className={classes.tiles}>
        <Stat label="Running" value={executions?.running} to="/executions" search={{ status: 'running' }} tone="blue" />
        <Stat label="Queued" value={executions?.queued} to="/executions" search={{ status: 'queued' }} />
        <Stat
          label="Failed today"
          value={executions?.failedToday}
          to="/executions"
          search={{ status: 'failed', period: 'today' }}
          tone="red"
        />
        <Stat
          label="Completed today"
          value={executions?.completedToday}
          to="/executions"
          search={{ status: 'completed', period: 'today' }}
          tone="green"
        />
        <Stat
          label="Need attention"
          value={executions?.needingAttention}
          to="/executions"
          search={{ needsAttention: 'true' }}
          tone="amber"
        />
      </div>
      <RecentExecutions executions={data?.recent} />
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {may('targets.read') && <TargetHealthBar targets={targets} />}
        {may('jobs.read') && <Stat label="Jobs" value={jobs} to="/jobs" />}
        {may('credentials.read') && <Stat label="Credentials" value={credentials} to="/credentials" />}
      </SimpleGrid>
    </Stack>
  )
}

/** For somebody whose roles allow nothing yet. */
const Welcome = () => {
  const me = useMe()
  return (
    <EmptyState
      icon={IconUserCircle}
      title={`Welcome, ${me.displayName}`}
      actions={
        <LinkButton to="/profile" variant="default">
          Your profile
        </LinkButton>
      }
    >
      Your account has no permissions yet. Ask an administrator for a role, such as viewer or operator.
    </EmptyState>
  )
}
