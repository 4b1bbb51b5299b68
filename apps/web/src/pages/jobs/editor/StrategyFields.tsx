import { NumberInput, SimpleGrid, TextInput } from '@mantine/core'
import { Section } from '../../../ui/Section.tsx'
import { type Draft, withStrategy } from './draft.ts'
import { inputId, type Problems } from './problems.ts'
import type { Edit } from './use-draft.ts'

type Props = { draft: Draft; edit: Edit; problems: Problems }

const numberOf = (value: string | number) => (value === '' ? undefined : Number(value))

/** `1, 10%, 50%` as the document has it: numbers, and percentages as words. */
const batchesOf = (text: string) => {
  const parts = text.split(/[\s,]+/).filter(Boolean)
  return parts.length === 0 ? undefined : parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

export const StrategyFields = ({ draft, edit, problems }: Props) => {
  const { concurrency, batches, maxFailures } = draft.strategy ?? {}
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
        <NumberInput
          id={inputId('strategy.maxFailures')}
          label="Failures allowed"
          description="Starts nothing more after more than this"
          min={0}
          value={maxFailures ?? ''}
          error={problems.at('strategy.maxFailures')}
          onChange={(value) =>
            edit((draft) => withStrategy(draft, { maxFailures: numberOf(value) }), 'strategy.maxFailures')
          }
        />
      </SimpleGrid>
    </Section>
  )
}
