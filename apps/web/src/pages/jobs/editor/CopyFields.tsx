import { Checkbox, Select, SimpleGrid, Textarea, TextInput } from '@mantine/core'
import type { DraftStep } from './draft.ts'

type Props = {
  step: DraftStep
  at: (field: string) => { id: string; error: React.ReactNode }
  set: (next: Partial<DraftStep>, field?: string) => void
}

const kindsOf = (what: string) => [
  { value: 'content', label: 'A text, written here' },
  { value: 'up', label: `${what} of the executor, to the target` },
  { value: 'down', label: `${what} of the target, to the executor` },
]

const kindOf = ({ content, direction }: DraftStep) =>
  content !== undefined ? 'content' : direction === 'down' ? 'down' : 'up'

const monospace = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }
const path = { spellCheck: false, autoCapitalize: 'off', styles: monospace } as const

/** What is copied, from where, and what it becomes. */
export const CopyFields = ({ step, at, set }: Props) => {
  const kind = kindOf(step)
  const isWindows = step.type === 'winrm.copy'
  const example = isWindows
    ? { from: 'iis/web.config', log: 'C:\\Logs\\app.log', to: 'C:\\inetpub\\wwwroot\\web.config', down: 'app.log' }
    : { from: 'nginx/site.conf', log: '/var/log/syslog', to: '/etc/nginx/conf.d/site.conf', down: 'syslog' }
  const choose = (next: string | null) => {
    const direction = next === 'down' ? ('down' as const) : undefined
    const onlyUp = next === 'down' ? { owner: undefined, symlinks: undefined } : {}
    if (next === 'content') set({ direction, content: step.content ?? '', from: undefined, symlinks: undefined })
    else set({ direction, content: undefined, from: step.from ?? '', ...onlyUp })
  }
  return (
    <>
      <Select
        label="What is copied"
        data={kindsOf(isWindows ? 'A file' : 'A file or folder')}
        value={kind}
        allowDeselect={false}
        onChange={choose}
      />
      {kind === 'content' && (
        <Textarea
          {...at('content')}
          {...path}
          label="Text"
          description="{{ placeholders }} are replaced as they are"
          autosize
          minRows={6}
          maxRows={40}
          value={step.content ?? ''}
          onChange={({ currentTarget }) => set({ content: currentTarget.value }, 'content')}
        />
      )}
      <SimpleGrid cols={{ base: 1, sm: kind === 'content' ? 1 : 2 }} spacing="sm">
        {kind !== 'content' && (
          <TextInput
            {...at('from')}
            {...path}
            label="From"
            description={kind === 'up' ? 'In the executor’s folder for files' : 'On the target'}
            placeholder={kind === 'up' ? example.from : example.log}
            value={step.from ?? ''}
            onChange={({ currentTarget }) => set({ from: currentTarget.value }, 'from')}
          />
        )}
        <TextInput
          {...at('to')}
          {...path}
          label="To"
          description={kind === 'down' ? 'In the executor’s folder for files' : 'On the target; its full name'}
          placeholder={kind === 'down' ? `logs/{{ target.name }}/${example.down}` : example.to}
          value={step.to ?? ''}
          onChange={({ currentTarget }) => set({ to: currentTarget.value }, 'to')}
        />
      </SimpleGrid>
      {!isWindows && <PosixFields step={step} at={at} set={set} />}
    </>
  )
}

/** Permissions, owner and links. */
const PosixFields = ({ step, at, set }: Props) => {
  const kind = kindOf(step)
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <TextInput
          {...at('fileMode')}
          {...path}
          label="Permissions"
          placeholder={kind === 'content' ? '0644' : 'as they are'}
          value={step.fileMode ?? ''}
          onChange={({ currentTarget }) => set({ fileMode: currentTarget.value || undefined }, 'fileMode')}
        />
        {kind !== 'down' && (
          <TextInput
            {...at('owner')}
            {...path}
            label="Owner"
            placeholder="who logs in"
            value={step.owner ?? ''}
            onChange={({ currentTarget }) => set({ owner: currentTarget.value || undefined }, 'owner')}
          />
        )}
      </SimpleGrid>
      {kind === 'up' && (
        <Checkbox
          label="Leave out symbolic links"
          checked={step.symlinks === 'skip'}
          onChange={({ currentTarget }) => set({ symlinks: currentTarget.checked ? 'skip' : undefined })}
        />
      )}
    </>
  )
}
