import { Button, Group, MultiSelect, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listOf } from '../../session/queries.ts'

type Props = {
  label: string
  description?: string
  error?: string | undefined
  /** Names, serials or UUIDs; what is chosen here are names. */
  value: readonly string[]
  onChange: (value: string[]) => void
}

const foundMax = 200

/** Targets by search on the server, as chips. Names are unique among targets that are not archived. */
export const TargetPicker = ({ label, description, error, value, onChange }: Props) => {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 200)
  const query = useQuery(listOf(api.targets.list, { query: { q: q || undefined, limit: foundMax } }))
  const found = query.data?.items.map(({ name }) => name) ?? []
  const more = found.filter((name) => !value.includes(name))
  return (
    <div>
      <MultiSelect
        label={label}
        description={description}
        error={error}
        placeholder={value.length === 0 ? 'Search targets' : undefined}
        searchable
        clearable
        hidePickedOptions
        maxDropdownHeight={260}
        comboboxProps={{ shadow: 'md' }}
        // the server has searched already, in more than the name
        filter={({ options }) => options}
        data={[...new Set([...found, ...value])]}
        value={[...value]}
        onChange={onChange}
        searchValue={typed}
        onSearchChange={setTyped}
        nothingFoundMessage={
          query.isPending ? 'Searching…' : query.isError ? 'The search failed' : 'No target is like that'
        }
        styles={{ pillsList: { maxHeight: 160, overflowY: 'auto' } }}
      />
      <Group gap="xs" mt={4} mih={26}>
        <Text size="xs" c="dimmed" className="number">
          {value.length.toLocaleString('en')} chosen
        </Text>
        {more.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => onChange([...value, ...more])}>
            {addWords(more.length, q !== '', query.data?.nextCursor != null)}
          </Button>
        )}
      </Group>
    </div>
  )
}

const addWords = (count: number, isFound: boolean, isFirst: boolean) =>
  isFirst
    ? `Add the first ${count.toLocaleString('en')}${isFound ? ' found' : ''}`
    : `Add all ${count.toLocaleString('en')}${isFound ? ' found' : ''}`
