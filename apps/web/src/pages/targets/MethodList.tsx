import { Anchor } from '@mantine/core'
import { type JumpHost, type Method, type Target, addressOf } from '@opsconductor/contract'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../session/index.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Section.tsx'
import { TwoLines } from '../../ui/TwoLines.tsx'
import { methodLabel } from './words.ts'

const columnsOf = (jumpHosts: readonly JumpHost[]): readonly Column<Method>[] => [
  {
    label: 'Method',
    cell: ({ type, name, isPrimary, isActive }) => (
      <TwoLines
        first={methodLabel({ type, name })}
        second={[isPrimary ? 'Primary' : 'Fallback', isActive ? '' : 'not in use'].filter(Boolean).join(', ')}
      />
    ),
    width: '30%',
  },
  {
    label: 'Address',
    cell: (method) => {
      const { host, port } = addressOf(method)
      const address = <span className="mono">{method.type === 'local' ? 'this server' : `${host}:${port}`}</span>
      const way = method.config.jumpHosts?.flatMap((uuid) => jumpHosts.find((host) => host.uuid === uuid) ?? [])
      return way === undefined ? address : <TwoLines first={address} second={<Way hosts={way} />} />
    },
  },
  { label: 'Credential', cell: (method) => <Credentials method={method} />, width: '32%' },
]

const Way = ({ hosts }: { hosts: readonly JumpHost[] }) => (
  <>
    over{' '}
    {hosts.map(({ uuid, serial, name, isArchived }, index) => (
      <span key={uuid}>
        {index > 0 && ', '}
        <Anchor component={Link} to={`/targets/${serial}`} size="sm">
          {name}
        </Anchor>
        {isArchived && ' (archived)'}
      </span>
    ))}
  </>
)

const Credentials = ({ method }: { method: Method }) => {
  const may = useMay()
  if (method.credentials.length === 0) return 'None'
  return (
    <>
      {method.credentials.map(({ uuid, name }, index) => (
        <span key={uuid}>
          {index > 0 && ', '}
          {may('credentials.read') ? (
            <Anchor component={Link} to={`/credentials/${uuid}`}>
              {name}
            </Anchor>
          ) : (
            name
          )}
        </span>
      ))}
    </>
  )
}

export const MethodList = ({ target }: { target: Target }) => (
  <Section title="Methods" description="How it is reached, in the order of trial" isFlush>
    <DataTable
      caption="Methods"
      columns={columnsOf(target.jumpHosts)}
      rows={target.methods}
      rowKey={({ uuid }) => uuid}
    />
  </Section>
)
