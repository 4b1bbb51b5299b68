import type { Copied } from '@opsconductor/contract'
import classes from './BranchHead.module.css'

/** What a copy left out, and why; the sentence of its step says how many. */
export const LeftOut = ({ entries }: { entries: Copied['skipped'] }) =>
  entries.length === 0 ? null : (
    <details className={classes.message}>
      <summary>What was left out</summary>
      <ul>
        {entries.map(({ path, reason }) => (
          <li key={path}>
            <span className="mono">{path}</span>: {reason}
          </li>
        ))}
      </ul>
    </details>
  )
