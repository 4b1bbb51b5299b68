import { Modal, VisuallyHidden } from '@mantine/core'
import { Spotlight } from '@mantine/spotlight'
import { api } from '@opsconductor/contract'
import { useDebouncedValue } from '@mantine/hooks'
import { IconHierarchy2, IconPlus, IconSearch, IconServer2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { useMay } from '../session/index.ts'
import { queryOf } from '../session/queries.ts'
import { areas } from './areas.ts'
import { palette, paletteStore } from './palette-store.ts'
import classes from './Palette.module.css'

type Entry = { id: string; label: string; description?: string; icon: ReactNode; href: string }

const creations = [
  { label: 'New job', href: '/jobs/new', permission: 'jobs.create' },
  { label: 'New target', href: '/targets/new', permission: 'targets.create' },
  { label: 'New credential', href: '/credentials/new', permission: 'credentials.create' },
  { label: 'New user', href: '/users/new', permission: 'users.create' },
] as const

const found = 6
const icons = { size: 18, stroke: 1.6, 'aria-hidden': true } as const

/** Ctrl-K or ⌘K: every area that the person may reach, what can be created there, and search over jobs and targets. */
export const Palette = () => {
  const may = useMay()
  const router = useRouter()
  const [query, setQuery] = useState('')
  const [q] = useDebouncedValue(query.trim(), 150)
  const jobs = useQuery({
    ...queryOf(api.jobs.list, { query: { q, limit: found } }),
    enabled: q !== '' && may('jobs.read'),
  })
  const targets = useQuery({
    ...queryOf(api.targets.list, { query: { q, limit: found } }),
    enabled: q !== '' && may('targets.read'),
  })

  const matches = ({ label, description }: Entry) =>
    `${label} ${description ?? ''}`.toLowerCase().includes(query.trim().toLowerCase())
  const places: Entry[] = areas
    .filter(({ permission }) => permission === undefined || may(permission))
    .map(({ to, label, description, icon: Icon }) => ({
      id: to,
      label,
      description,
      icon: <Icon {...icons} />,
      href: to,
    }))
  const news: Entry[] = creations
    .filter(({ permission }) => may(permission))
    .map(({ label, href }) => ({ id: href, label: `${label}…`, icon: <IconPlus {...icons} />, href }))
  const groups: { label: string; entries: Entry[] }[] = [
    {
      label: 'Jobs',
      entries: (q === '' ? [] : (jobs.data?.items ?? [])).map(({ uuid, name, serial }) => ({
        id: uuid,
        label: name,
        description: serial,
        icon: <IconHierarchy2 {...icons} />,
        href: `/jobs/${serial}`,
      })),
    },
    {
      label: 'Targets',
      entries: (q === '' ? [] : (targets.data?.items ?? [])).map(({ uuid, name, serial }) => ({
        id: uuid,
        label: name,
        description: serial,
        icon: <IconServer2 {...icons} />,
        href: `/targets/${serial}`,
      })),
    },
    { label: 'Go to', entries: places.filter(matches) },
    { label: 'Create', entries: news.filter(matches) },
  ]
  const shown = groups.filter(({ entries }) => entries.length > 0)
  /** Enter takes the first where one has typed and not moved to another; by the arrow keys it is Mantine's. */
  const takeFirst = ({ key }: KeyboardEvent) => {
    const first = shown[0]?.entries[0]
    const isSettled = q !== '' && q === query.trim() && !jobs.isFetching && !targets.isFetching
    if (key !== 'Enter' || !isSettled || first === undefined || paletteStore.getState().selected !== -1) return
    palette.close()
    router.history.push(first.href)
  }

  return (
    <Spotlight.Root
      store={paletteStore}
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      tagsToIgnore={[]}
      radius="md"
      overlayProps={{ backgroundOpacity: 0.45 }}
      classNames={{ actionsGroup: classes.group }}
    >
      <VisuallyHidden>
        <Modal.Title>Find or do</Modal.Title>
      </VisuallyHidden>
      <Spotlight.Search
        placeholder="Find a job or target, go somewhere, create something"
        aria-label="Find or do"
        leftSection={<IconSearch size={18} aria-hidden />}
        onKeyDown={takeFirst}
      />
      <Spotlight.ActionsList>
        {shown.map(({ label, entries }) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {entries.map((entry) => (
              <Spotlight.Action
                key={entry.id}
                label={entry.label}
                description={entry.description}
                leftSection={entry.icon}
                onClick={() => router.history.push(entry.href)}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {shown.length === 0 && <Spotlight.Empty>Nothing by that name</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}
