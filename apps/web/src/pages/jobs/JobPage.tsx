import { Alert, List, Tabs } from '@mantine/core'
import { api, type JobDetail } from '@opsconductor/contract'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { queryOf } from '../../session/queries.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { useSearchChange } from '../../ui/search-change.ts'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { Tags } from '../../ui/Tags.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { DefinitionTab } from './DefinitionTab.tsx'
import { JobActions } from './JobActions.tsx'
import classes from './JobPage.module.css'
import { RecentExecutions } from './RecentExecutions.tsx'
import { RunDialog } from './run/RunDialog.tsx'
import { VersionsTab } from './versions/VersionsTab.tsx'

const parent = { to: '/jobs', label: 'Jobs' }

export const JobPage = () => {
  const { ref } = useParams({ from: '/app/jobs/$ref' })
  useLiveList('jobs')
  const refetchInterval = usePollWhenDown()
  const query = useQuery({ ...queryOf(api.jobs.read, { params: { ref } }), refetchInterval })
  if (query.data !== undefined) return <OneJob job={query.data} />
  return (
    <>
      <PageHeader title={ref} parent={parent} />
      {query.error ? <ErrorView error={query.error} onRetry={() => void query.refetch()} /> : <PagePending />}
    </>
  )
}

const OneJob = ({ job }: { job: JobDetail }) => {
  const { tab = 'steps', run } = useSearch({ from: '/app/jobs/$ref' })
  const change = useSearchChange()
  return (
    <>
      <PageHeader
        title={job.name}
        parent={parent}
        badge={<StatusBadge status={job.isEnabled ? job.state : 'disabled'} />}
        description={
          <span className={classes.facts}>
            <Identifier value={job.serial} what="serial" />
            <span>version {job.version}</span>
            <span>
              written by {job.createdBy}, changed <TimeText at={job.updatedAt} />
            </span>
            {job.folder && <span>in {job.folder}</span>}
            <Tags tags={job.tags} />
          </span>
        }
        actions={<JobActions job={job} onRun={() => change({ values: { run: 'true' } })} />}
      />
      {job.warnings.length > 0 && (
        <Alert variant="default" mb="md" icon={<IconAlertTriangle aria-hidden />} title="Worth a look">
          <List size="sm">
            {job.warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => change({ values: { tab: next === 'steps' ? undefined : next } })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="steps">Definition</Tabs.Tab>
          <Tabs.Tab value="executions">Executions</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="steps">
          <DefinitionTab job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="executions">
          <RecentExecutions job={job} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <VersionsTab job={job} />
        </Tabs.Panel>
      </Tabs>
      {run !== undefined && <RunDialog job={job} onClose={() => change({ values: { run: undefined } })} />}
    </>
  )
}
