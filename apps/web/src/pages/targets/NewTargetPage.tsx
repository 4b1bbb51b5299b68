import { api } from '@opsconductor/contract'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../session/index.ts'
import { tellDone } from '../../ui/notices.ts'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { TargetForm } from './TargetForm.tsx'
import { newDraft } from './target-draft.ts'

export const NewTargetPage = () => {
  const router = useRouter()
  const [draft] = useState(newDraft)
  return (
    <div style={{ maxWidth: 820 }}>
      <PageHeader
        title="New target"
        parent={{ to: '/targets', label: 'Targets' }}
        description="Next you can test the connection."
      />
      <TargetForm
        draft={draft}
        label="Add the target"
        save={(body) => call(api.targets.create, { body })}
        onSaved={({ serial, name }) => {
          tellDone(`${name} is added as ${serial}`)
          void router.navigate({ to: '/targets/$ref', params: { ref: serial }, replace: true })
        }}
        onCancel={() => void router.navigate({ to: '/targets' })}
      />
    </div>
  )
}
