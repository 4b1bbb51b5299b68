import type { Execution } from '@opsconductor/contract'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { isBeingStopped, leftBehind } from './execution-state.ts'

/** The state of an execution; that somebody has to look at it, or on its targets, weighs more. */
export const ExecutionBadge = ({ execution }: { execution: Execution }) => {
  if (execution.needsAttention) return <StatusBadge status="needs_attention" tone="red" />
  const left = leftBehind(execution)
  if (left !== undefined) return <StatusBadge status="cancelled" tone="amber" label={left} />
  return isBeingStopped(execution) ? (
    <StatusBadge status="being_stopped" tone="amber" />
  ) : (
    <StatusBadge status={execution.status} />
  )
}
