import { api, type JobDetail } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../../session/index.ts'
import { queryOf } from '../../../session/queries.ts'
import { ErrorView } from '../../../ui/ErrorView.tsx'
import { PagePending } from '../../../ui/PagePending.tsx'
import { draftOf } from './draft.ts'
import { JobEditor } from './JobEditor.tsx'

export const EditJobPage = () => {
  const { ref } = useParams({ from: '/app/jobs/$ref/edit' })
  const query = useQuery({ ...queryOf(api.jobs.read, { params: { ref } }), staleTime: 0 })
  if (query.error) return <ErrorView error={query.error} onRetry={() => void query.refetch()} />
  // a cached one may be old; but once it is being edited nothing takes it away
  if (query.data === undefined || (query.isFetching && !query.isFetchedAfterMount)) return <PagePending />
  return <Editor key={ref} job={query.data} />
}

const Editor = ({ job }: { job: JobDetail }) => {
  const { as = 'form' } = useSearch({ from: '/app/jobs/$ref/edit' })
  // what one began with, whatever others save meanwhile: the revision tells the server
  const [begun] = useState(() => ({ draft: draftOf(job.document), revision: job.revision }))
  return (
    <JobEditor
      title={`Edit ${job.name}`}
      parent={{ to: `/jobs/${job.serial}`, label: job.name }}
      initial={begun.draft}
      isNew={false}
      as={as}
      save={(body) =>
        call(api.jobs.replace, { params: { ref: job.uuid }, body }, { headers: { 'if-match': `"${begun.revision}"` } })
      }
    />
  )
}
