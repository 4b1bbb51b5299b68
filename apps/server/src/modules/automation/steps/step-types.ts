import type { MethodType, Step, StepType } from '@opsconductor/contract'
import type { TextProblem } from './placeholders.ts'
import { type Lookup, readShTemplate, renderSh, showSh } from './sh-rendering.ts'
import { findPlaceholders } from './placeholders.ts'

/** What the program knows of a type of step: which methods carry it, how its text is read, shown and run. */
export type StepTypeRule<S extends Step = Step> = {
  /** Methods that can carry it; empty when this version has no wire for it. */
  readonly methods: readonly MethodType[]
  /** Name of the field that holds the text with placeholders. */
  readonly field: string
  readonly text: (step: S) => string
  /** Names used in the text, and what the author must mend. */
  readonly read: (step: S) => { names: { name: string; isRaw: boolean }[]; problems: TextProblem[] }
  readonly show: (step: S, lookup: Lookup) => string
  /** What the shell of the target gets: script and interpreter. */
  readonly render: (step: S, lookup: Lookup) => { script: string; interpreter?: string }
}

const shells: readonly MethodType[] = ['ssh', 'local']

/** Interpreters whose texts follow the shell's rules of quoting. */
const isShell = (interpreter: string | undefined) =>
  interpreter === undefined || /(^|\/)(sh|bash|dash|ksh|ksh93|mksh|ash)$/.test(interpreter)

const readSh = (text: string) => {
  const { template, problems } = readShTemplate(text)
  return { names: template.places.map(({ name, isRaw }) => ({ name, isRaw })), problems }
}

const rules: { [T in StepType]: StepTypeRule<Extract<Step, { type: T }>> } = {
  'ssh.exec': {
    methods: shells,
    field: 'command',
    text: (step) => step.command,
    read: (step) => readSh(step.command),
    show: (step, lookup) => showSh(readShTemplate(step.command).template, lookup),
    render: (step, lookup) => ({ script: renderSh(readShTemplate(step.command).template, lookup) }),
  },
  'ssh.script': {
    methods: shells,
    field: 'script',
    text: (step) => step.script,
    read: (step) => {
      if (isShell(step.interpreter)) return readSh(step.script)
      const { placeholders, problems } = findPlaceholders(step.script)
      const first = placeholders[0]
      if (first === undefined) return { names: [], problems }
      const message = `placeholders are for sh, bash, dash and ksh; how to quote for ${step.interpreter ?? 'this'} is not known`
      return { names: [], problems: [{ line: 1, column: 1, message }] }
    },
    show: (step, lookup) =>
      isShell(step.interpreter) ? showSh(readShTemplate(step.script).template, lookup) : step.script,
    render: (step, lookup) => ({
      script: isShell(step.interpreter) ? renderSh(readShTemplate(step.script).template, lookup) : step.script,
      ...(step.interpreter === undefined || step.interpreter === 'sh' ? {} : { interpreter: step.interpreter }),
    }),
  },
  'winrm.exec': {
    methods: [],
    field: 'command',
    text: (step) => step.command,
    read: (step) => {
      const { placeholders, problems } = findPlaceholders(step.command)
      return { names: placeholders.map(({ name, isRaw }) => ({ name, isRaw })), problems }
    },
    show: (step) => step.command,
    render: () => {
      throw new Error('This version has no wire for winrm.exec.')
    },
  },
}

export const ruleOf = (step: Step): StepTypeRule => rules[step.type] as unknown as StepTypeRule

export const stepIdOf = (step: Step, index: number): string => step.id ?? `step-${index + 1}`

export const stepNameOf = (step: Step, index: number): string => step.name ?? stepIdOf(step, index)

/** Steps without a limit, or with one of over a minute, are detached by default; `attached` can be chosen. */
export const modeOf = ({ mode, timeoutSec }: Step): 'attached' | 'detached' =>
  mode ?? (timeoutSec === undefined || timeoutSec > 60 ? 'detached' : 'attached')
