import { Grid, Stack } from '@mantine/core'
import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList, usePollWhenDown } from '../../live/index.ts'
import { call, useMay } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { LinkButton } from '../../ui/LinkButton.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { PagePending } from '../../ui/PagePending.tsx'
import { Section } from '../../ui/Section.tsx'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import { Tags } from '../../ui/Tags.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { ConnectionTestSection } from './ConnectionTestSection.tsx'
import { HostKeysSection } from './HostKeysSection.tsx'
import { MethodList } from './MethodList.tsx'
import { osWords, typeChoices } from './words.ts'

const route = getRouteApi('/app/targets/$ref')

export const TargetPage = () => {
  const { ref } = route.useParams()
  const may = useMay()
  useLiveList('targets')
  const query = useQuery({ ...queryOf(api.targets.read, { params: { ref } }), refetchInterval: usePollWhenDown() })
  const { data: target, error } = query
  const isArchived = target?.archivedAt != null
  const set = async (verb: 'archive' | 'restore') => {
    await call(api.targets[verb], { params: { ref } })
    await changed('targets')
  }
  return (
    <>
      <PageHeader
        title={target?.name ?? 'Target'}
        parent={{ to: '/targets', label: 'Targets' }}
        badge={
          target && (
            <StatusBadge
              status={isArchived ? 'archived' : target.status === 'active' ? target.health : target.status}
              label={
                isArchived || target.status !== 'active' || target.health !== 'unknown' ? undefined : 'Not known yet'
              }
            />
          )
        }
        description={target?.description}
        actions={
          target && (
            <>
              {may('targets.update') && !isArchived && (
                <LinkButton variant="default" to={`/targets/${target.serial}/edit`}>
                  Edit
                </LinkButton>
              )}
              {may('targets.archive') &&
                (isArchived ? (
                  <ConfirmButton label="Restore" title={`Restore ${target.name}?`} action={() => set('restore')}>
                    Jobs can then reach it again.
                  </ConfirmButton>
                ) : (
                  <ConfirmButton
                    label="Archive"
                    title={`Archive ${target.name}?`}
                    isDangerous
                    action={() => set('archive')}
                  >
                    Jobs can no longer be run on it and its name becomes free. What ran on it stays on record, and it
                    can be restored.
                  </ConfirmButton>
                ))}
            </>
          )
        }
      />
      {error && <ErrorView error={error} onRetry={() => void query.refetch()} />}
      {!target && !error && <PagePending />}
      {target && (
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <Stack gap="lg">
              <ConnectionTestSection target={target} />
              <MethodList target={target} />
              <HostKeysSection target={target} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <Section title="About">
              <Facts
                facts={{
                  Serial: <Identifier value={target.serial} what="serial" />,
                  System: [osWords[target.osType], target.osVersion].filter(Boolean).join(' '),
                  Kind: typeChoices.find(({ value }) => value === target.targetType)?.label,
                  Environment: target.environment,
                  Location: target.location,
                  'Data centre': target.dataCentre,
                  Region: target.region,
                  Zone: target.zone,
                  Tags: target.tags.length > 0 && <Tags tags={target.tags} />,
                  ...Object.fromEntries(
                    Object.entries(target.attributes).map(([name, value]) => [name, String(value)]),
                  ),
                  Tested: <TimeText at={target.lastTestedAt} never="Never" />,
                  Created: <TimeText at={target.createdAt} />,
                  Changed: <TimeText at={target.updatedAt} />,
                  UUID: <Identifier value={target.uuid} what="UUID" />,
                }}
              />
            </Section>
          </Grid.Col>
        </Grid>
      )}
    </>
  )
}
