import type { ReactNode } from 'react'
import { Clamped } from './Clamped.tsx'
import classes from './TwoLines.module.css'

/** What a cell says, and under it in small what else there is to know. */
export const TwoLines = ({ first, second }: { first: ReactNode; second: ReactNode }) => (
  <span className={classes.lines}>
    {typeof first === 'string' ? <Clamped text={first} /> : <span>{first}</span>}
    <span className={classes.second}>{second}</span>
  </span>
)
