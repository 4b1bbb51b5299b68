import type { Execution } from '@opsconductor/contract'
import { StatusBadge } from '../../ui/StatusBadge.tsx'

/** The state of an execution; that somebody has to look at it weighs more. */
export const ExecutionBadge = ({ execution }: { execution: Execution }) =>
  execution.needsAttention ? (
    <StatusBadge status="needs_attention" tone="red" />
  ) : (
    <StatusBadge status={execution.status} />
  )
