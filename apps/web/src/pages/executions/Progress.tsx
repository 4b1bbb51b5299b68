import type { Execution } from '@opsconductor/contract'
import { progressOf } from './execution-state.ts'
import classes from './Progress.module.css'

const parts = [
  ['completed', ['completed']],
  ['failed', ['failed', 'lost']],
  ['stopped', ['cancelled', 'skipped']],
  ['running', ['running']],
] as const

/** How far an execution has come, as a bar and in words. */
export const Progress = ({ execution }: { execution: Execution }) => {
  const { done, failed, total } = progressOf(execution)
  const words = `${done.toLocaleString()} of ${total.toLocaleString()} done${failed > 0 ? `, ${failed.toLocaleString()} failed` : ''}`
  return (
    <div className={classes.progress}>
      <div className={classes.bar} aria-hidden>
        {parts.map(([name, statuses]) => {
          const count = statuses.reduce((sum, status) => sum + execution.counts[status], 0)
          return count > 0 && <span key={name} data-part={name} style={{ flexGrow: count }} />
        })}
        <span data-part="rest" style={{ flexGrow: total - done - execution.counts.running }} />
      </div>
      <span className="number">{words}</span>
    </div>
  )
}
