import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { call } from '../../../session/index.ts'
import { queryOf } from '../../../session/queries.ts'
import { ErrorView } from '../../../ui/ErrorView.tsx'
import { PagePending } from '../../../ui/PagePending.tsx'
import { draftOf, emptyDraft } from './draft.ts'
import { JobEditor } from './JobEditor.tsx'

const parent = { to: '/jobs', label: 'Jobs' }

export const NewJobPage = () => {
  const { as = 'form', copyOf } = useSearch({ from: '/app/jobs/new' })
  const original = useQuery({
    ...queryOf(api.jobs.read, { params: { ref: copyOf ?? '' } }),
    enabled: copyOf !== undefined,
    staleTime: Infinity,
  })
  const document = original.data?.document
  const initial = useMemo(
    () => (document ? draftOf({ ...document, name: `${document.name} (copy)` }) : emptyDraft),
    [document],
  )
  if (original.error) return <ErrorView error={original.error} />
  if (copyOf !== undefined && document === undefined) return <PagePending />
  return (
    <JobEditor
      title="New job"
      parent={parent}
      initial={initial}
      isNew
      as={as}
      save={(body) => call(api.jobs.create, { body })}
    />
  )
}
