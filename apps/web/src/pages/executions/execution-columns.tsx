import type { Execution } from '@opsconductor/contract'
import type { Column } from '../../ui/DataTable.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'
import { ExecutionBadge } from './ExecutionBadge.tsx'
import { Progress } from './Progress.tsx'
import { Ticking } from './Ticking.tsx'

export const executionColumns: readonly Column<Execution>[] = [
  {
    label: 'Execution',
    cell: (execution) => <TwoLines first={execution.job.name} second={<span className="mono">{execution.ref}</span>} />,
  },
  { label: 'Status', width: '200px', cell: (execution) => <ExecutionBadge execution={execution} /> },
  {
    label: 'Branches',
    width: '240px',
    from: 'md',
    cell: (execution) => <Progress execution={execution} />,
  },
  { label: 'Started by', width: '150px', from: 'lg', cell: ({ requestedBy }) => requestedBy },
  {
    label: 'Started',
    width: '140px',
    cell: ({ startedAt, queuedAt }) => <TimeText at={startedAt ?? queuedAt} />,
  },
  { label: 'Duration', width: '110px', align: 'end', from: 'sm', cell: (execution) => <Ticking {...execution} /> },
]
