import { Tabs } from '@mantine/core'
import { useParams, useSearch } from '@tanstack/react-router'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { useSearchChange } from '../../ui/search-change.ts'
import { BranchesTab } from './BranchesTab.tsx'
import { DetailsTab } from './DetailsTab.tsx'
import { ExecutionHead } from './ExecutionHead.tsx'
import { LogTab } from './LogTab.tsx'
import { useExecution } from './use-execution.ts'

export const ExecutionPage = () => {
  const { ref } = useParams({ from: '/app/executions/$ref' })
  // another execution begins with nothing of the one before
  return <OneExecution key={ref} executionRef={ref} />
}

const parent = { to: '/executions', label: 'Executions' }

const OneExecution = ({ executionRef }: { executionRef: string }) => {
  const { tab = 'output' } = useSearch({ from: '/app/executions/$ref' })
  const change = useSearchChange()
  const store = useExecution(executionRef)
  const { execution, error, retry } = store
  if (execution === undefined) {
    return (
      <>
        <PageHeader title={executionRef} parent={parent} />
        {error ? <ErrorView error={error} onRetry={retry} /> : <PagePending />}
      </>
    )
  }
  return (
    <>
      <ExecutionHead
        execution={execution}
        isSetAside={[...store.branches.values()].some(({ dueAt }) => dueAt !== null)}
        merge={store.merge}
      />
      {error && <ErrorView error={error} onRetry={retry} />}
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) => change({ values: { tab: next === 'output' ? undefined : next } })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="output">Output</Tabs.Tab>
          <Tabs.Tab value="log">Lifecycle log</Tabs.Tab>
          <Tabs.Tab value="details">Details</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="output">
          <BranchesTab executionRef={executionRef} execution={execution} store={store} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <LogTab executionRef={executionRef} execution={execution} />
        </Tabs.Panel>
        <Tabs.Panel value="details">
          <DetailsTab execution={execution} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
