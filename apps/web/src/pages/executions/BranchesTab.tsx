import { Text } from '@mantine/core'
import { api, type Branch, type Execution } from '@opsconductor/contract'
import { useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { lineOf, OutputViewer, saveAs, useOutput } from '../../output/index.ts'
import { call } from '../../session/index.ts'
import { tellError } from '../../ui/notices.ts'
import { BranchHead } from './BranchHead.tsx'
import classes from './BranchesTab.module.css'
import { BranchList } from './BranchList.tsx'
import { orderBranches } from './execution-state.ts'
import type { useExecution } from './use-execution.ts'

type Props = { executionRef: string; execution: Execution; store: ReturnType<typeof useExecution> }

/** All branches, failures first, and beside them the steps and the output of one. */
export const BranchesTab = ({ executionRef, execution, store }: Props) => {
  const { branch: chosen, status, q } = useSearch({ from: '/app/executions/$ref' })
  const rows = orderBranches(store.branches.values(), { status, q })
  const [first, setFirst] = useState<string>()
  // what is shown first stays, also when another branch fails meanwhile
  if (first === undefined && store.branches.size > 0) setFirst(orderBranches(store.branches.values(), {})[0]?.number)
  const number = chosen === undefined ? first : String(chosen).padStart(3, '0')
  const branch = store.branches.get(number ?? '')
  const isAlone = execution.counts.total === 1
  return (
    <div className={classes.columns} data-alone={isAlone || undefined}>
      {!isAlone && <BranchList execution={execution} rows={rows} selected={number} status={status} q={q} />}
      <div className={classes.branch}>
        {branch ? (
          <OneBranch
            key={branch.number}
            executionRef={executionRef}
            execution={execution}
            branch={branch}
            store={store}
          />
        ) : (
          <Text size="sm" c="dimmed" p="lg">
            {store.branches.size === 0 ? 'Loading the branches…' : `There is no branch ${number}.`}
          </Text>
        )}
      </div>
    </div>
  )
}

const OneBranch = ({ executionRef, execution, branch, store }: Props & { branch: Branch }) => {
  const number = Number(branch.number)
  const feed = useOutput(executionRef, number)
  const line = useLocation({ select: ({ hash }) => lineOf(hash) })
  const navigate = useNavigate()
  const params = { ref: executionRef, number }
  const download = async () => {
    try {
      const headers = { accept: 'text/plain' }
      const response = await call.raw(api.executions.rawOutput, { params }, { headers })
      await saveAs(response, `${execution.ref}-${branch.number}.txt`)
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <>
      <BranchHead executionRef={executionRef} branch={branch} store={store} />
      <div className={classes.output}>
        <OutputViewer
          feed={feed}
          label={`Output of ${branch.target.name}`}
          line={line}
          onLine={(line) =>
            void navigate({
              to: '.',
              // a link to a line names the branch too: who opens it need not see the same one first
              search: (search) => ({ ...search, branch: number }),
              hash: `L${line}`,
              hashScrollIntoView: false,
              replace: true,
              resetScroll: false,
            })
          }
          search={(q, cursor, signal) =>
            call(api.executions.searchOutput, { params, query: { q, cursor } }, { signal })
          }
          download={download}
        />
      </div>
    </>
  )
}
