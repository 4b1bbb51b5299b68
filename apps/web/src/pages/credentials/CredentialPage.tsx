import { Grid, Stack } from '@mantine/core'
import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { call, useMay } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { Section } from '../../ui/Section.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { CredentialUses } from './CredentialUses.tsx'
import { RenameButton } from './RenameButton.tsx'
import { RotateButton } from './RotateButton.tsx'
import { credentialWords } from './words.ts'

const route = getRouteApi('/app/credentials/$ref')

export const CredentialPage = () => {
  const { ref } = route.useParams()
  const may = useMay()
  const { data: credential, error, refetch } = useQuery(queryOf(api.credentials.read, { params: { ref } }))
  const isArchived = credential?.archivedAt != null
  const set = async (verb: 'archive' | 'restore') => {
    await call(api.credentials[verb], { params: { ref } })
    await changed('credentials')
  }
  return (
    <>
      <PageHeader
        title={credential?.name ?? 'Credential'}
        parent={{ to: '/credentials', label: 'Credentials' }}
        badge={isArchived && <StatusBadge status="archived" />}
        description={credential?.description}
        actions={
          credential && (
            <>
              {may('credentials.update') && !isArchived && (
                <>
                  <RotateButton credential={credential} />
                  <RenameButton credential={credential} />
                </>
              )}
              {may('credentials.archive') &&
                (isArchived ? (
                  <ConfirmButton label="Restore" title={`Restore ${credential.name}?`} action={() => set('restore')}>
                    It can then be chosen for targets again.
                  </ConfirmButton>
                ) : (
                  <ConfirmButton
                    label="Archive"
                    title={`Archive ${credential.name}?`}
                    isDangerous
                    action={() => set('archive')}
                  >
                    It can no longer be chosen or used. This is only possible while no target uses it
                    {credential.targetCount > 0 && ` (now: ${credential.targetCount})`}. The usage log stays, and it can
                    be restored.
                  </ConfirmButton>
                ))}
            </>
          )
        }
      />
      {error && <ErrorView error={error} onRetry={() => void refetch()} />}
      {!credential && !error && <PagePending />}
      {credential && (
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 5, lg: 4 }}>
            <Section title="About">
              <Facts
                facts={{
                  Type: credentialWords[credential.type],
                  'User name': credential.username && <span className="mono">{credential.username}</span>,
                  Fingerprint: credential.fingerprint && (
                    <Identifier value={credential.fingerprint} what="fingerprint" />
                  ),
                  'Used by': credential.targetCount === 1 ? '1 target' : `${credential.targetCount} targets`,
                  'Last used': <TimeText at={credential.lastUsedAt} never="Never" />,
                  Secret: `Version ${credential.secretVersion}`,
                  'Secret changed': <TimeText at={credential.rotatedAt} />,
                  Created: <TimeText at={credential.createdAt} />,
                  Archived: credential.archivedAt && <TimeText at={credential.archivedAt} />,
                  UUID: <Identifier value={credential.uuid} what="UUID" />,
                }}
              />
            </Section>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 7, lg: 8 }}>
            <Stack gap="lg">
              <CredentialUses credential={ref} />
            </Stack>
          </Grid.Col>
        </Grid>
      )}
    </>
  )
}
