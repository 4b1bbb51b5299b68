import { CloseButton, Select, type SelectProps, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import classes from './Filters.module.css'
import { useSearchChange } from './search-change.ts'

/** Changes filters in the address. A cursor belongs to the filters that made it, so it goes with them. */
export const useFilter = () => {
  const change = useSearchChange()
  return (values: Record<string, unknown>) => change({ values: { cursor: undefined, ...values } })
}

/** The row over a list: what narrows it. */
export const Filters = ({ children }: { children: ReactNode }) => <div className={classes.filters}>{children}</div>

const typingMs = 250

/** Words to look for, in the address as `q` once one has stopped typing. */
export const SearchField = ({ q, label }: { q: string | undefined; label: string }) => {
  const filter = useFilter()
  const [typed, setTyped] = useState(q ?? '')
  const apply = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), typingMs)
  const [last, setLast] = useState(q)
  // the address also changes by itself: back, or a link
  if (last !== q) {
    setLast(q)
    if (typed.trim() !== (q ?? '')) setTyped(q ?? '')
  }
  return (
    <TextInput
      type="search"
      className={classes.search}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed && (
          <CloseButton
            size="sm"
            aria-label="Clear the search"
            onClick={() => {
              setTyped('')
              filter({ q: undefined })
            }}
          />
        )
      }
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value)
        apply(currentTarget.value)
      }}
    />
  )
}

type FilterSelectProps = {
  name: string
  label: string
  value: string | undefined
  data: SelectProps['data']
  /** What a choice puts into the address, where that is not simply `name`. */
  toSearch?: (value: string | undefined) => Record<string, unknown>
}

/** One of several values, in the address as `name`. */
export const FilterSelect = ({
  name,
  label,
  value,
  data,
  toSearch = (value) => ({ [name]: value }),
}: FilterSelectProps) => {
  const filter = useFilter()
  return (
    <Select
      className={classes.select}
      aria-label={label}
      placeholder={label}
      data={data}
      value={value ?? null}
      data-set={value !== undefined || undefined}
      clearable
      clearSectionMode="clear"
      comboboxProps={{ shadow: 'md' }}
      onChange={(next) => filter(toSearch(next ?? undefined))}
    />
  )
}

export const ArchivedSwitch = ({ archived }: { archived: boolean }) => {
  const filter = useFilter()
  return (
    <Switch
      label="Archived"
      checked={archived}
      onChange={({ currentTarget }) => filter({ archived: currentTarget.checked ? 'true' : undefined })}
    />
  )
}

/** A word that must be met exactly, in the address as `name` once one leaves the field or presses Enter. */
export const FilterWord = ({ name, label, value }: { name: string; label: string; value: string | undefined }) => {
  const filter = useFilter()
  return (
    <TextInput
      key={value}
      className={classes.word}
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      data-set={value !== undefined || undefined}
      onBlur={({ currentTarget }) => {
        const word = currentTarget.value.trim()
        if (word !== (value ?? '')) filter({ [name]: word || undefined })
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key === 'Enter') currentTarget.blur()
      }}
    />
  )
}
