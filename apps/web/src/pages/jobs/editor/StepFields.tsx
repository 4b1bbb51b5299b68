import { Checkbox, NumberInput, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { usableStepTypes } from '@opsconductor/contract'
import { stepTypeWords } from '../step-words.ts'
import { CopyFields } from './CopyFields.tsx'
import { type DraftStep, retyped, textOf } from './draft.ts'
import { inputId, type Problems } from './problems.ts'

type Props = {
  step: DraftStep
  index: number
  problems: Problems
  change: (step: DraftStep, field?: string) => void
}

const numberOf = (value: string | number) => (value === '' ? undefined : Number(value))
const monospace = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }

/** Everything that can be said of one step. */
export const StepFields = ({ step, index, problems, change }: Props) => {
  const path = (field: string) => `steps.${index}.${field}`
  const at = (field: string) => ({ id: inputId(path(field)), error: problems.at(path(field)) })
  const set = (next: Partial<DraftStep>, field?: string) => change({ ...step, ...next }, field)
  const isScript = step.type === 'ssh.script' || step.type === 'winrm.script'
  const textField = isScript ? 'script' : 'command'
  const types = [...new Set([...usableStepTypes, step.type])]
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <TextInput
          {...at('name')}
          label="Name (optional)"
          value={step.name ?? ''}
          onChange={({ currentTarget }) => set({ name: currentTarget.value || undefined }, 'name')}
        />
        <Select
          {...at('type')}
          label="Type"
          data={types.map((type) => ({ value: type, label: `${stepTypeWords[type]} (${type})` }))}
          value={step.type}
          allowDeselect={false}
          onChange={(type) => change(retyped(step, type ?? step.type))}
        />
      </SimpleGrid>
      {!usableStepTypes.includes(step.type) && (
        <Text size="sm" c="dimmed">
          Steps of this type can be written and kept, but not run yet.
        </Text>
      )}
      {step.type === 'ssh.copy' ? (
        <CopyFields step={step} at={at} set={set} />
      ) : (
        <Textarea
          {...at(textField)}
          label={isScript ? 'Script' : 'Command'}
          autosize
          minRows={isScript ? 6 : 2}
          maxRows={40}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          styles={monospace}
          value={textOf(step)}
          onChange={({ currentTarget }) => set({ [textField]: currentTarget.value }, textField)}
        />
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        {step.type === 'winrm.exec' && (
          <Select
            {...at('shell')}
            label="Shell"
            data={[
              { value: 'powershell', label: 'PowerShell' },
              { value: 'cmd', label: 'cmd, one line' },
            ]}
            value={step.shell ?? 'powershell'}
            allowDeselect={false}
            onChange={(shell) => set({ shell: shell ?? 'powershell' }, 'shell')}
          />
        )}
        {step.type === 'ssh.script' && (
          <TextInput
            {...at('interpreter')}
            label="Interpreter"
            placeholder="sh"
            value={step.interpreter ?? ''}
            onChange={({ currentTarget }) => set({ interpreter: currentTarget.value || undefined }, 'interpreter')}
          />
        )}
        <NumberInput
          {...at('timeoutSec')}
          label="Time-out, seconds"
          placeholder="none"
          min={1}
          value={step.timeoutSec ?? ''}
          onChange={(value) => set({ timeoutSec: numberOf(value) }, 'timeoutSec')}
        />
        <NumberInput
          {...at('retries')}
          label="Retries"
          placeholder="0"
          min={0}
          max={10}
          value={step.retries ?? ''}
          onChange={(value) => set({ retries: numberOf(value) }, 'retries')}
        />
        <Select
          {...at('onError')}
          label="After an error"
          data={[
            { value: 'stop', label: 'Stop the branch' },
            { value: 'continue', label: 'Go on' },
          ]}
          value={step.onError ?? 'stop'}
          allowDeselect={false}
          onChange={(value) => set({ onError: value === 'continue' ? 'continue' : undefined })}
        />
        {step.type !== 'ssh.copy' && (
          <Select
            {...at('mode')}
            label="Mode"
            placeholder="Automatic"
            clearable
            data={[
              { value: 'attached', label: 'Attached: ends with the connection' },
              { value: 'detached', label: 'Detached: outlives the connection' },
            ]}
            value={step.mode ?? null}
            onChange={(value) => set({ mode: value ?? undefined })}
          />
        )}
        <TextInput
          {...at('target')}
          label="Only on one target"
          placeholder="all of the run"
          value={step.target ?? ''}
          onChange={({ currentTarget }) => set({ target: currentTarget.value || undefined }, 'target')}
        />
        <TextInput
          {...at('id')}
          label="Id"
          placeholder={`step-${index + 1}`}
          value={step.id ?? ''}
          onChange={({ currentTarget }) => set({ id: currentTarget.value || undefined }, 'id')}
        />
      </SimpleGrid>
      {step.type !== 'ssh.copy' && (
        <Checkbox
          label="Idempotent: may run again when nobody knows whether it ran"
          checked={step.idempotent ?? false}
          onChange={({ currentTarget }) => set({ idempotent: currentTarget.checked || undefined })}
        />
      )}
    </Stack>
  )
}
