import type { MethodType, Step } from '@opsconductor/contract'
import type { Expression, Lookup } from './expressions.ts'
import type { TextProblem } from './placeholders.ts'

/** What an executor does for a step, with its values: each kind has a file of its own among the executions. */
export type StepAction = ShellAction | CopyAction | WaitAction

/** What a shell gets: script and interpreter, and for PowerShell the variables beside it. */
export type ShellAction = {
  kind: 'shell'
  script: string
  interpreter?: string
  variables?: Readonly<Record<string, string>>
}
/** Files, as the step says; see `orderOf`. */
export type CopyAction = { kind: 'copy' }
export type WaitAction = { kind: 'wait'; durationSec: number } | { kind: 'wait'; until: Date }

/** What the program knows of a type of step: which methods carry it, how its text is read, shown and run. */
export type StepTypeRule<S extends Step = Step> = {
  /** Where it happens: on a target, on the executor's own machine whatever the target is, or nowhere. */
  readonly place: 'target' | 'executor' | 'nowhere'
  /** Methods that can carry it; empty when this version has no wire for it, or it needs none. */
  readonly methods: readonly MethodType[]
  /** Name of the field that holds the text with placeholders. */
  readonly field: string
  readonly text: (step: S) => string
  /** What stands in the text's placeholders, and what the author must mend; with the field, where it is another. */
  readonly read: (step: S) => {
    expressions: readonly (Expression & { field?: string })[]
    problems: readonly (TextProblem & { field?: string })[]
  }
  /** What is dangerous about it, given which names are secret. */
  readonly warnings: (step: S, isSecret: (expression: Expression) => boolean) => string[]
  /** @throws ExpressionError when a name has no value */
  readonly show: (step: S, lookup: Lookup) => string
  /** @throws ExpressionError when a name has no value, or none yet */
  readonly action: (step: S, lookup: Lookup) => StepAction
  /** What of its text is secret, as it stands in it: to be masked in output beside the secret values themselves. */
  readonly secrets: (step: S, lookup: Lookup) => string[]
}
