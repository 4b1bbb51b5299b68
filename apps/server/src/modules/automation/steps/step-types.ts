import type { MethodType, Step, StepType } from '@opsconductor/contract'
import type { Expression, Lookup } from './expressions.ts'
import { findPlaceholders, type TextProblem } from './placeholders.ts'
import { readShTemplate, renderSh, secretsIn, showSh } from './sh-rendering.ts'
import { argumentWarnings } from './sh-arguments.ts'
import { type CopyStep, copySecrets, copyWarnings, readCopy, showCopy } from './copy-step.ts'
import { winrmExecStep, winrmScriptStep } from './winrm-steps.ts'

/** What the program knows of a type of step: which methods carry it, how its text is read, shown and run. */
export type StepTypeRule<S extends Step = Step> = {
  /** Methods that can carry it; empty when this version has no wire for it. */
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
  /**
   * What the shell of the target gets: script and interpreter, and for PowerShell the variables beside it.
   *
   * @throws ExpressionError when a name has no value, or none yet
   */
  readonly render: (
    step: S,
    lookup: Lookup,
  ) => { script: string; interpreter?: string; variables?: Readonly<Record<string, string>> }
  /** What of that is secret, as it stands in it: to be masked in output beside the secret values themselves. */
  readonly secrets: (step: S, lookup: Lookup) => string[]
}

const shells: readonly MethodType[] = ['ssh', 'local']

/** Interpreters whose texts follow the shell's rules of quoting. */
const isShell = (interpreter: string | undefined) =>
  interpreter === undefined || /(^|\/)(sh|bash|dash|ksh|ksh93|mksh|ash)$/.test(interpreter)

const known = new WeakMap<Step, ReturnType<typeof readShTemplate>>()

/** Read once for a step, however many branches it runs in. */
const read = (step: Step, text: string) => {
  const found = known.get(step) ?? readShTemplate(text)
  known.set(step, found)
  return found
}

/** A step whose text is a shell's; `text` gives null where it is another program's. */
const inShell = <S extends Step>(field: string, all: (step: S) => string, text: (step: S) => string | null) => {
  const templateOf = (step: S) => {
    const own = text(step)
    return own === null ? null : read(step, own)
  }
  return {
    methods: shells,
    field,
    text: all,
    warnings: (step: S, isSecret: (expression: Expression) => boolean) => {
      const own = templateOf(step)
      return own === null ? [] : argumentWarnings(own.template, isSecret)
    },
    show: (step: S, lookup: Lookup) => {
      const own = templateOf(step)
      return own === null ? all(step) : showSh(own.template, lookup)
    },
    script: (step: S, lookup: Lookup) => {
      const own = templateOf(step)
      return own === null ? all(step) : renderSh(own.template, lookup)
    },
    secrets: (step: S, lookup: Lookup) => {
      const own = templateOf(step)
      return own === null ? [] : secretsIn(own.template, lookup)
    },
    read: (step: S) => {
      const own = templateOf(step)
      return own === null ? null : { expressions: own.template.places, problems: own.problems }
    },
  }
}

type ExecStep = Extract<Step, { type: 'ssh.exec' }>
type ScriptStep = Extract<Step, { type: 'ssh.script' }>

const exec = inShell<ExecStep>(
  'command',
  (step) => step.command,
  (step) => step.command,
)
const script = inShell<ScriptStep>(
  'script',
  (step) => step.script,
  (step) => (isShell(step.interpreter) ? step.script : null),
)

const rules: { [T in StepType]: StepTypeRule<Extract<Step, { type: T }>> } = {
  'ssh.exec': {
    ...exec,
    read: (step) => exec.read(step) ?? nothing,
    render: (step, lookup) => ({ script: exec.script(step, lookup) }),
  },
  'ssh.script': {
    ...script,
    read: (step) => {
      const own = script.read(step)
      if (own !== null) return own
      const { placeholders, problems } = findPlaceholders(step.script)
      if (placeholders.length === 0) return { expressions: [], problems }
      const message = `placeholders are for sh, bash, dash and ksh; how to quote for ${step.interpreter ?? 'this'} is not known`
      return { expressions: [], problems: [{ line: 1, column: 1, message }] }
    },
    render: (step, lookup) => ({
      script: script.script(step, lookup),
      ...(step.interpreter === undefined || step.interpreter === 'sh' ? {} : { interpreter: step.interpreter }),
    }),
  },
  'ssh.copy': {
    methods: shells,
    field: 'to',
    text: ({ content = '', from = '', to }: CopyStep) => [content, from, to].join('\n'),
    read: readCopy,
    warnings: copyWarnings,
    show: showCopy,
    render: () => {
      throw new Error('No shell runs a copy.')
    },
    secrets: copySecrets,
  },
  'winrm.exec': winrmExecStep,
  'winrm.script': winrmScriptStep,
}

const nothing = { expressions: [], problems: [] }

export const ruleOf = (step: Step): StepTypeRule => rules[step.type] as unknown as StepTypeRule

export const stepIdOf = (step: Step, index: number): string => step.id ?? `step-${index + 1}`

export const stepNameOf = (step: Step, index: number): string => step.name ?? stepIdOf(step, index)

/** Commands without a limit, or with one of over a minute, are detached by default; `attached` can be chosen. */
export const modeOf = ({ mode, timeoutSec, type }: Step): 'attached' | 'detached' =>
  type === 'ssh.copy' ? 'attached' : (mode ?? (timeoutSec === undefined || timeoutSec > 60 ? 'detached' : 'attached'))
