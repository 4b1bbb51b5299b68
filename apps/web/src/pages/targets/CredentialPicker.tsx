import { Button, Modal, Select } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { api } from '@opsconductor/contract'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../../session/index.ts'
import { listOf } from '../../session/queries.ts'
import { CredentialForm } from '../credentials/CredentialForm.tsx'
import { credentialWords } from '../credentials/words.ts'
import classes from './MethodFields.module.css'

type Choice = { uuid: string; name: string }
type Props = {
  /** UUID; empty for none. */
  value: string
  /** What the value is called, where it was chosen earlier: it may not be among those found. */
  chosen: Choice | undefined
  error: React.ReactNode
  onChange: (uuid: string) => void
}

const withBeside = (more: React.ReactNode) => (input: React.ReactNode) => (
  <div className={classes.beside}>
    {input}
    {more}
  </div>
)

/** Searches the vault on the server as one types, and offers to add what is not in it. */
export const CredentialPicker = ({ value, chosen, error, onChange }: Props) => {
  const may = useMay()
  const [isOpen, { open, close }] = useDisclosure(false)
  const [typed, setTyped] = useState('')
  const [added, setAdded] = useState<Choice>()
  const [q] = useDebouncedValue(typed, 200)
  const known = [chosen, added].filter((each) => each !== undefined)
  const isKnown = known.some(({ name }) => name === q)
  const found = useQuery({
    ...listOf(api.credentials.list, { query: { q: isKnown ? '' : q, limit: 50 } }),
    enabled: may('credentials.read'),
  })
  const choices = new Map(known.map(({ uuid, name }) => [uuid, name]))
  for (const { uuid, name, type, username } of found.data?.items ?? []) {
    choices.set(uuid, `${name} · ${username ? `${username}, ` : ''}${credentialWords[type]}`)
  }
  const add = may('credentials.create') && (
    <Button variant="default" leftSection={<IconPlus size={15} aria-hidden />} onClick={open}>
      New
    </Button>
  )
  return (
    <div className={classes.credential}>
      <Select
        label="Credential"
        description={may('credentials.use') ? undefined : 'One that you entered yourself'}
        placeholder={may('credentials.read') ? 'None' : 'You may not see credentials'}
        disabled={!may('credentials.read')}
        searchable
        clearable
        data={[...choices].map(([uuid, label]) => ({ value: uuid, label }))}
        // the server has already filtered
        filter={({ options }) => options}
        nothingFoundMessage={found.isFetching ? 'Searching…' : 'No credential by that name'}
        error={error}
        value={value || null}
        inputContainer={withBeside(add)}
        onSearchChange={(text) => setTyped(text.split(' · ')[0] ?? '')}
        onChange={(uuid) => onChange(uuid ?? '')}
      />
      <Modal opened={isOpen} onClose={close} title="New credential" size="lg">
        <CredentialForm
          onCancel={close}
          onSaved={(credential) => {
            setAdded(credential)
            onChange(credential.uuid)
            close()
          }}
        />
      </Modal>
    </div>
  )
}
