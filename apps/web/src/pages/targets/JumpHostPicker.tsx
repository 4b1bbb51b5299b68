import { MultiSelect } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { api, type JumpHost } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listOf } from '../../session/queries.ts'
import classes from './MethodFields.module.css'

type Props = {
  /** UUIDs, the nearest first. */
  value: readonly string[]
  /** What was chosen earlier is called so: it may not be among those found. */
  known: readonly JumpHost[]
  error: React.ReactNode
  onChange: (uuids: string[]) => void
}

/** Targets to go through, in the order in which they are chosen. */
export const JumpHostPicker = ({ value, known, error, onChange }: Props) => {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 200)
  const found = useQuery(listOf(api.targets.list, { query: { q: q || undefined, limit: 50 } }))
  const [chosen, setChosen] = useState(
    () => new Map(known.map(({ uuid, name, isArchived }) => [uuid, isArchived ? `${name} (archived)` : name])),
  )
  const names = new Map(chosen)
  for (const { uuid, name, methods } of found.data?.items ?? []) {
    if (methods.some(({ type, isActive }) => type === 'ssh' && isActive)) names.set(uuid, name)
  }
  return (
    <MultiSelect
      className={classes.whole}
      label="Jump hosts"
      description="Targets to go through on the way, the nearest first; each by its own SSH method and credential"
      placeholder={value.length === 0 ? 'None: it is reached directly' : undefined}
      searchable
      clearable
      hidePickedOptions
      maxValues={5}
      error={error}
      data={[...names].map(([uuid, label]) => ({ value: uuid, label }))}
      // the server has searched already, in more than the name
      filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? 'Searching…' : 'No target with SSH is like that'}
      searchValue={typed}
      onSearchChange={setTyped}
      value={[...value]}
      onChange={(uuids) => {
        setChosen(new Map(uuids.map((uuid) => [uuid, names.get(uuid) ?? uuid])))
        onChange(uuids)
      }}
    />
  )
}
