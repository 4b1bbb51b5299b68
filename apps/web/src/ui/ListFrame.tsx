import type { ReactNode } from 'react'
import { ErrorView } from './ErrorView.tsx'
import classes from './ListFrame.module.css'
import { Pager } from './Pager.tsx'

type Props = {
  query: { error: unknown; data: { nextCursor: string | null } | undefined; refetch: () => Promise<unknown> }
  cursor: string | undefined
  children: ReactNode
}

/** A table with its pager below and, where it could not be read, the reason above. */
export const ListFrame = ({ query, cursor, children }: Props) => (
  <>
    {query.error !== null && <ErrorView error={query.error} onRetry={() => void query.refetch()} />}
    {(query.error === null || query.data !== undefined) && (
      <div className={classes.frame}>
        {children}
        <Pager cursor={cursor} nextCursor={query.data?.nextCursor} />
      </div>
    )}
  </>
)
