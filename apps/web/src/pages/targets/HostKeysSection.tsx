import { type HostKey, type Target, api } from '@opsconductor/contract'
import { IconFingerprint } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { call, useMay } from '../../session/index.ts'
import { changed, queryOf } from '../../session/queries.ts'
import { ConfirmButton } from '../../ui/ConfirmButton.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { Identifier } from '../../ui/Identifier.tsx'
import { Section } from '../../ui/Section.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'

const origins: Record<HostKey['pinnedBy'], string> = {
  test: 'by a connection test',
  execution: 'by an execution',
  import: 'imported',
}

type Row = HostKey & { target: string }

/** The one deliberate way to accept another key. */
const ForgetButton = ({ row: { target, method, host, port } }: { row: Row }) => {
  const may = useMay()
  if (!may('targets.trust')) return null
  return (
    <ConfirmButton
      label="Forget"
      title={`Forget the host key of ${host}:${port}?`}
      confirm="Forget the key"
      isDangerous
      button={{ size: 'xs', 'aria-label': `Forget the host key of ${host}:${port}` }}
      action={async () => {
        await call(api.targets.forgetHostKeys, { params: { ref: target, method } })
        await changed('targets')
      }}
    >
      The next connection accepts whatever key the machine then shows, and pins it. Do this only when you know why the
      key has changed, for instance because the machine was installed anew: otherwise somebody may be in between.
    </ConfirmButton>
  )
}

const columns: readonly Column<Row>[] = [
  {
    label: 'Fingerprint',
    cell: ({ fingerprint, algorithm }) => (
      <TwoLines first={<Identifier value={fingerprint} what="fingerprint" />} second={algorithm} />
    ),
  },
  { label: 'Address', cell: ({ host, port }) => <span className="mono">{`${host}:${port}`}</span>, from: 'sm' },
  {
    label: 'Pinned',
    cell: ({ pinnedAt, pinnedBy }) => <TwoLines first={<TimeText at={pinnedAt} />} second={origins[pinnedBy]} />,
    width: '170px',
    from: 'sm',
  },
  { label: 'Action', isLabelHidden: true, align: 'end', width: '110px', cell: (row) => <ForgetButton row={row} /> },
]

/** The identities pinned for this target. */
export const HostKeysSection = ({ target }: { target: Target }) => {
  const { data, error, refetch } = useQuery(queryOf(api.targets.hostKeys, { params: { ref: target.uuid } }))
  if (!target.methods.some(({ type }) => type === 'ssh' || type === 'sftp' || type === 'winrm')) return null
  const title = target.methods.some(({ type }) => type === 'winrm') ? 'Host keys and certificates' : 'Host keys'
  return (
    <Section title={title} description="A machine that shows another one is refused" isFlush>
      {error && <ErrorView error={error} onRetry={() => void refetch()} />}
      <DataTable
        caption="Pinned host keys"
        columns={columns}
        rows={data?.items.map((key) => ({ ...key, target: target.uuid }))}
        rowKey={({ method, algorithm, fingerprint }) => `${method} ${algorithm} ${fingerprint}`}
        empty={
          <EmptyState icon={IconFingerprint} title="No key pinned yet">
            The first connection test or execution pins the key, or the certificate, that the machine shows.
          </EmptyState>
        }
      />
    </Section>
  )
}
