import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { call } from '../../session/index.ts'
import { queryOf } from '../../session/queries.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { TargetForm } from './TargetForm.tsx'
import { draftOf } from './target-draft.ts'

const route = getRouteApi('/app/targets/$ref/edit')

export const EditTargetPage = () => {
  const { ref } = route.useParams()
  const router = useRouter()
  // what somebody else saves meanwhile must not move under one's hands: the server refuses by the revision instead
  const { data: target, error } = useQuery({
    ...queryOf(api.targets.read, { params: { ref } }),
    queryKey: ['target being edited', ref],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const back = () => void router.navigate({ to: '/targets/$ref', params: { ref } })
  return (
    <div style={{ maxWidth: 820 }}>
      <PageHeader
        title={target ? `Edit ${target.name}` : 'Edit target'}
        parent={{ to: `/targets/${ref}`, label: target?.name ?? 'Target' }}
      />
      {error && <ErrorView error={error} />}
      {!target && !error && <PagePending />}
      {target && (
        <TargetForm
          draft={draftOf(target)}
          label="Save"
          save={(body) =>
            call(api.targets.update, { params: { ref }, body }, { headers: { 'if-match': `"${target.revision}"` } })
          }
          onSaved={back}
          onCancel={back}
        />
      )}
    </div>
  )
}
