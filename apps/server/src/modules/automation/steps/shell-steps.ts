import type { MethodType, Step } from '@opsconductor/contract'
import type { Expression, Lookup } from './expressions.ts'
import { findPlaceholders } from './placeholders.ts'
import { argumentWarnings } from './sh-arguments.ts'
import { readShTemplate, renderSh, secretsIn, showSh } from './sh-rendering.ts'
import type { StepTypeRule } from './step-type-rule.ts'

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
type ScriptStep = Extract<Step, { type: 'ssh.script' | 'script.local' }>

const nothing = { expressions: [], problems: [] }

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

/** A command line on the target. */
export const execStep: StepTypeRule<ExecStep> = {
  ...exec,
  place: 'target',
  methods: shells,
  read: (step) => exec.read(step) ?? nothing,
  action: (step, lookup) => ({ kind: 'shell', script: exec.script(step, lookup) }),
}

const scriptStep: Omit<StepTypeRule<ScriptStep>, 'place' | 'methods'> = {
  ...script,
  read: (step) => {
    const own = script.read(step)
    if (own !== null) return own
    const { placeholders, problems } = findPlaceholders(step.script)
    if (placeholders.length === 0) return { expressions: [], problems }
    const message = `placeholders are for sh, bash, dash and ksh; how to quote for ${step.interpreter ?? 'this'} is not known`
    return { expressions: [], problems: [{ line: 1, column: 1, message }] }
  },
  action: (step, lookup) => ({
    kind: 'shell',
    script: script.script(step, lookup),
    ...(step.interpreter === undefined || step.interpreter === 'sh' ? {} : { interpreter: step.interpreter }),
  }),
}

/** A script on the target. */
export const sshScriptStep: StepTypeRule<Extract<Step, { type: 'ssh.script' }>> = {
  ...scriptStep,
  place: 'target',
  methods: shells,
}

/** The same on the executor's own machine. */
export const localScriptStep: StepTypeRule<Extract<Step, { type: 'script.local' }>> = {
  ...scriptStep,
  place: 'executor',
  methods: ['local'],
}
