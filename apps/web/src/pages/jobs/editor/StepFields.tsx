import type { ReactNode } from 'react'
import { Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { usableStepTypes } from '@opsconductor/contract'
import { stepTypeWords } from '../step-words.ts'
import { CopyFields } from './CopyFields.tsx'
import { type DraftStep, isCopy, retyped } from './draft.ts'
import { inputId, type Problems } from './problems.ts'
import { ShellFields } from './ShellFields.tsx'
import { StepOptions } from './StepOptions.tsx'
import { WaitFields } from './WaitFields.tsx'

type Props = {
  step: DraftStep
  index: number
  problems: Problems
  change: (step: DraftStep, field?: string) => void
}

/** What the parts of a step's form need: the step, where a field's problems stand, and how it is changed. */
export type StepPartProps = {
  step: DraftStep
  at: (field: string) => { id: string; error: ReactNode }
  set: (next: Partial<DraftStep>, field?: string) => void
}

/** Everything that can be said of one step. */
export const StepFields = ({ step, index, problems, change }: Props) => {
  const path = (field: string) => `steps.${index}.${field}`
  const at: StepPartProps['at'] = (field) => ({ id: inputId(path(field)), error: problems.at(path(field)) })
  const set: StepPartProps['set'] = (next, field) => change({ ...step, ...next }, field)
  const types = [...new Set([...usableStepTypes, step.type])]
  const isWait = step.type === 'wait'
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
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
        <TextInput
          {...at('id')}
          label="Id"
          placeholder={`step-${index + 1}`}
          value={step.id ?? ''}
          onChange={({ currentTarget }) => set({ id: currentTarget.value || undefined }, 'id')}
        />
      </SimpleGrid>
      {!usableStepTypes.includes(step.type) && (
        <Text size="sm" c="dimmed">
          Steps of this type can be written and kept, but not run yet.
        </Text>
      )}
      {isWait ? (
        <WaitFields step={step} at={at} set={set} />
      ) : isCopy(step) ? (
        <CopyFields step={step} at={at} set={set} />
      ) : (
        <ShellFields step={step} at={at} set={set} />
      )}
      {!isWait && <StepOptions step={step} at={at} set={set} />}
    </Stack>
  )
}
