import { Checkbox, NativeSelect, NumberInput, SimpleGrid, TextInput } from '@mantine/core'
import type { Strategy } from '@opsconductor/contract'
import { Section } from '../../../ui/Section.tsx'
import { type Draft, withStrategy } from './draft.ts'
import { numberOf } from './number-of.ts'
import { inputId, type Problems } from './problems.ts'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; problems: Problems }

/** `1, 10%, 50%` as the document has it: numbers, and percentages as words. */
const batchesOf = (text: string) => {
  const parts = text.split(/[\s,]+/).filter(Boolean)
  return parts.length === 0 ? undefined : parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

/** `3` as a number, `10%` as a word. */
const failuresOf = (text: string) =>
  text.trim() === '' ? undefined : /^\d+$/.test(text.trim()) ? Number(text) : text.trim()

const orders = [
  { value: '', label: 'As they are given' },
  { value: 'name', label: 'By name' },
  { value: 'random', label: 'At random' },
]
const paces = [
  { value: '', label: 'Each branch goes on by itself' },
  { value: 'lock_step', label: 'Step by step, all together' },
]
const exclusives = [
  { value: '', label: 'Any number' },
  { value: 'job', label: 'One execution of this job' },
  { value: 'target', label: 'One branch on a target' },
]

export const StrategyFields = ({ draft, edit, problems }: Props) => {
  const { concurrency, batches, pauseBetweenBatches, pace, maxFailures, order, exclusive } = draft.strategy ?? {}
  return (
    <Section title="How it spreads" description="Without any of it, all targets begin at once.">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <NumberInput
          id={inputId('strategy.concurrency')}
          label="Branches at once"
          description="All where empty"
          min={1}
          value={concurrency ?? ''}
          error={problems.at('strategy.concurrency')}
          onChange={(value) =>
            edit((draft) => withStrategy(draft, { concurrency: numberOf(value) }), 'strategy.concurrency')
          }
        />
        <TextInput
          id={inputId('strategy.batches')}
          // typing must not be tidied under the fingers: the document is written when one leaves the field
          key={batches?.join(', ') ?? ''}
          label="Batches"
          description="Such as 1, 10%, 50%; the last repeats"
          defaultValue={batches?.join(', ') ?? ''}
          error={
            problems.at('strategy.batches') ??
            problems.all.find(({ path }) => path.startsWith('strategy.batches.'))?.message
          }
          onBlur={({ currentTarget: { value } }) => {
            if (value !== (batches?.join(', ') ?? ''))
              edit((draft) => withStrategy(draft, { batches: batchesOf(value) }))
          }}
        />
        <TextInput
          id={inputId('strategy.maxFailures')}
          label="Failures allowed"
          description="In a batch: 3 or 10%; after more, nothing begins"
          value={maxFailures ?? ''}
          error={problems.at('strategy.maxFailures')}
          onChange={({ currentTarget: { value } }) =>
            edit((draft) => withStrategy(draft, { maxFailures: failuresOf(value) }), 'strategy.maxFailures')
          }
        />
        <NativeSelect
          id={inputId('strategy.pace')}
          label="Pace"
          data={paces}
          value={pace === 'free' ? '' : (pace ?? '')}
          error={problems.at('strategy.pace')}
          onChange={({ currentTarget: { value } }) =>
            edit((draft) => withStrategy(draft, { pace: (value || undefined) as Strategy['pace'] }))
          }
        />
        <NativeSelect
          id={inputId('strategy.order')}
          label="Order of the targets"
          data={orders}
          value={order === 'given' ? '' : (order ?? '')}
          error={problems.at('strategy.order')}
          onChange={({ currentTarget: { value } }) =>
            edit((draft) => withStrategy(draft, { order: (value || undefined) as Strategy['order'] }))
          }
        />
        <NativeSelect
          id={inputId('strategy.exclusive')}
          label="At a time"
          data={exclusives}
          value={exclusive ?? ''}
          error={problems.at('strategy.exclusive')}
          onChange={({ currentTarget: { value } }) =>
            edit((draft) => withStrategy(draft, { exclusive: (value || undefined) as Strategy['exclusive'] }))
          }
        />
        <NumberInput
          id={inputId('timeoutSec')}
          label="Time limit, seconds"
          placeholder="none"
          min={1}
          value={draft.timeoutSec ?? ''}
          error={problems.at('timeoutSec')}
          onChange={(value) => edit((draft) => ({ ...draft, timeoutSec: numberOf(value) }), 'timeoutSec')}
        />
        <Checkbox
          id={inputId('strategy.pauseBetweenBatches')}
          label="A person lets each further batch begin"
          checked={pauseBetweenBatches ?? false}
          onChange={({ currentTarget: { checked } }) =>
            edit((draft) => withStrategy(draft, { pauseBetweenBatches: checked || undefined }))
          }
          mt="lg"
        />
      </SimpleGrid>
    </Section>
  )
}
