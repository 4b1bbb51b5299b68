import { useRouter, useSearch } from '@tanstack/react-router'
import { tellDone } from '../../ui/notices.ts'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { Section } from '../../ui/Section.tsx'
import { CredentialForm } from './CredentialForm.tsx'

export const NewCredentialPage = () => {
  const router = useRouter()
  const { type } = useSearch({ from: '/app/credentials/new' })
  return (
    <div style={{ maxWidth: 720 }}>
      <PageHeader
        title="New credential"
        parent={{ to: '/credentials', label: 'Credentials' }}
        description="The secret is sealed in the vault. It is opened only at the moment a target is reached, and never shown again."
      />
      <Section title="Credential">
        <CredentialForm
          type={type}
          onSaved={({ uuid, name }) => {
            tellDone(`${name} is in the vault`)
            void router.navigate({ to: '/credentials/$ref', params: { ref: uuid }, replace: true })
          }}
          onCancel={() => void router.navigate({ to: '/credentials' })}
        />
      </Section>
    </div>
  )
}
