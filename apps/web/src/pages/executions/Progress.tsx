import { VisuallyHidden } from '@mantine/core'
import type { Execution } from '@opsconductor/contract'
import { progressOf } from './execution-state.ts'
import classes from './Progress.module.css'

const parts = [
  ['completed', ['completed']],
  ['failed', ['failed', 'lost']],
  ['stopped', ['cancelled', 'skipped']],
  ['running', ['running']],
  ['waiting', ['queued', 'scheduled']],
] as const

/** How far an execution has come, as a bar and in words. What runs is hatched: it is not done. */
export const Progress = ({ execution }: { execution: Execution }) => {
  const { done, total, words, allWords } = progressOf(execution)
  return (
    <div className={classes.progress}>
      <VisuallyHidden>
        <progress aria-label="Progress" max={total} value={done} aria-valuetext={allWords} />
      </VisuallyHidden>
      <div className={classes.bar} title={allWords} aria-hidden>
        {parts.map(([name, statuses]) => {
          const count = statuses.reduce((sum, status) => sum + execution.counts[status], 0)
          return count > 0 && <span key={name} data-part={name} style={{ flexGrow: count }} />
        })}
      </div>
      <span className="number" aria-hidden>
        {words}
      </span>
    </div>
  )
}
