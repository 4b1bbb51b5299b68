import { Checkbox, NumberInput, Select, SimpleGrid, TextInput } from '@mantine/core'
import { isCopy } from './draft.ts'
import type { StepPartProps } from './StepFields.tsx'
import { numberOf } from './number-of.ts'

/** What any step that does something can be told. */
export const StepOptions = ({ step, at, set }: StepPartProps) => {
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: isCopy(step) ? 4 : 5 }} spacing="sm">
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
        {!isCopy(step) && (
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
      </SimpleGrid>
      {!isCopy(step) && (
        <Checkbox
          label="Idempotent: may run again when nobody knows whether it ran"
          checked={step.idempotent ?? false}
          onChange={({ currentTarget }) => set({ idempotent: currentTarget.checked || undefined })}
        />
      )}
    </>
  )
}
