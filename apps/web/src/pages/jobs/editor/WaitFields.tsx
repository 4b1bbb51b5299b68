import { NumberInput, SimpleGrid, TextInput } from '@mantine/core'
import { numberOf } from './number-of.ts'
import type { StepPartProps } from './StepFields.tsx'

/** Either so long, or until a moment: what is typed into one empties the other. */
export const WaitFields = ({ step, at, set }: StepPartProps) => (
  <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
    <NumberInput
      {...at('durationSec')}
      label="For so many seconds"
      min={0.1}
      value={step.durationSec ?? ''}
      onChange={(value) => {
        const durationSec = numberOf(value)
        set(durationSec === undefined ? { durationSec } : { durationSec, until: undefined }, 'durationSec')
      }}
    />
    <TextInput
      {...at('until')}
      label="Or until"
      description="With its time zone; may be a placeholder"
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      placeholder="2027-01-31T02:00:00+01:00"
      spellCheck={false}
      value={step.until ?? ''}
      onChange={({ currentTarget: { value } }) =>
        set(value === '' ? { until: undefined } : { until: value, durationSec: undefined }, 'until')
      }
    />
  </SimpleGrid>
)
