import type { ErrorComponentProps } from '@tanstack/react-router'
import { ErrorView } from './ErrorView.tsx'
import { PageHeader } from './PageHeader.tsx'

/** The error boundary of a page: the rest of the application stays usable around it. */
export const PageError = ({ error, reset }: ErrorComponentProps) => (
  <>
    <PageHeader title="This page failed" />
    <ErrorView error={error} onRetry={reset} />
  </>
)
