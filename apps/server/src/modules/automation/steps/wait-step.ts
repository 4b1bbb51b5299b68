import type { Step } from '@opsconductor/contract'
import { ExpressionError } from './expressions.ts'
import { momentOf } from './moment.ts'
import { type PlainText, readPlain, renderPlain, secretsInPlain, showPlain } from './plain-text.ts'
import type { StepTypeRule } from './step-type-rule.ts'

type WaitStep = Extract<Step, { type: 'wait' }>

const textOf = ({ durationSec, until }: WaitStep) => until ?? `${durationSec ?? 0} s`

const read = (step: WaitStep): PlainText => {
  const found = readPlain(textOf(step))
  if (step.until === undefined || found.places.length > 0) return found
  try {
    momentOf(step.until)
    return found
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { ...found, problems: [...found.problems, { line: 1, column: 1, message: error.message }] }
  }
}

/** Waits for a moment: nothing is reached out for. */
export const waitStep: StepTypeRule<WaitStep> = {
  place: 'nowhere',
  methods: [],
  field: 'until',
  text: textOf,
  read: (step) => {
    const { places, problems } = read(step)
    return { expressions: places, problems }
  },
  warnings: () => [],
  show: (step, lookup) => {
    const plain = read(step)
    if (step.until === undefined) return `wait ${plain.text}`
    const isKnown = plain.places.every(({ names }) => names.every((name) => !('later' in lookup(name))))
    if (isKnown) momentOf(renderPlain(plain, lookup))
    return `wait until ${showPlain(plain, lookup)}`
  },
  action: (step, lookup) => ({
    kind: 'wait',
    ...(step.durationSec === undefined
      ? { until: momentOf(renderPlain(read(step), lookup)) }
      : { durationSec: step.durationSec }),
  }),
  secrets: (step, lookup) => secretsInPlain(read(step), lookup),
}
