import type { ErrorComponentProps } from '@tanstack/react-router'
import { useEffect } from 'react'
import { isOutage, whenBack } from '../session/recovery.ts'
import { ErrorView } from './ErrorView.tsx'
import { PageHeader } from './PageHeader.tsx'

/** The error boundary of a page: the rest of the application stays usable around it. */
export const PageError = ({ error, reset }: ErrorComponentProps) => {
  const isAway = isOutage(error)
  useEffect(() => (isAway ? whenBack(reloadOnce) : undefined), [isAway])
  return (
    <>
      <PageHeader title={isAway ? 'This page cannot be loaded now' : 'This page failed'} />
      <ErrorView error={error} onRetry={isAway ? () => location.reload() : reset} />
    </>
  )
}

const reloadedKey = 'opsconductor.reloaded'
const restMs = 60_000

/** The page anew, as the server has it now. What still fails a moment later is left to the person. */
const reloadOnce = () => {
  const reloadedAtMs = Number(sessionStorage.getItem(reloadedKey) ?? 0)
  if (Date.now() - reloadedAtMs < restMs) return
  sessionStorage.setItem(reloadedKey, String(Date.now()))
  location.reload()
}
