import { Anchor, Button } from '@mantine/core'
import { type CredentialUse, api } from '@opsconductor/contract'
import { IconHistory } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../../session/index.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Section } from '../../ui/Section.tsx'
import { TimeText } from '../../ui/TimeText.tsx'

const columns: readonly Column<CredentialUse>[] = [
  { label: 'When', cell: ({ at }) => <TimeText at={at} />, width: '150px' },
  {
    label: 'Target',
    cell: ({ target }) => (
      <Anchor component={Link} to={`/targets/${target.uuid}`}>
        {target.name}
      </Anchor>
    ),
  },
  {
    label: 'For',
    cell: ({ purpose, execution }) =>
      execution === null ? (
        purpose === 'test' ? (
          'Connection test'
        ) : (
          'Execution'
        )
      ) : (
        <Anchor component={Link} to={`/executions/${execution}`}>
          Execution
        </Anchor>
      ),
    width: '150px',
  },
  { label: 'By', cell: ({ actor }) => actor, width: '160px', from: 'sm' },
]

/** When, for what and by whom the secret was opened. */
export const CredentialUses = ({ credential }: { credential: string }) => {
  const query = useInfiniteQuery({
    queryKey: ['credentials', 'uses', credential],
    queryFn: ({ pageParam, signal }) =>
      call(api.credentials.uses, { params: { ref: credential }, query: { limit: 20, cursor: pageParam } }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
  return (
    <Section title="Usage log" description="Every time the secret was opened" isFlush>
      {query.error && <ErrorView error={query.error} onRetry={() => void query.refetch()} />}
      <DataTable
        caption="Uses of this credential"
        columns={columns}
        rows={query.data?.pages.flatMap(({ items }) => items)}
        rowKey={({ at, target }) => `${at} ${target.uuid}`}
        empty={
          <EmptyState icon={IconHistory} title="Not used yet">
            Connection tests and executions that open this credential are written down here.
          </EmptyState>
        }
      />
      {query.hasNextPage && (
        <Button
          variant="subtle"
          fullWidth
          radius={0}
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show earlier ones
        </Button>
      )}
    </Section>
  )
}
