import type { MethodType, Step } from '@opsconductor/contract'
import { cmdWarnings, readCmdTemplate, renderCmd, secretsInCmd, showCmd } from './cmd-rendering.ts'
import type { Expression, Lookup } from './expressions.ts'
import type { TextProblem } from './placeholders.ts'
import {
  readPowerShellTemplate,
  renderPowerShell,
  secretsInPowerShell,
  showPowerShell,
} from './powershell-rendering.ts'
import type { StepTypeRule } from './step-type-rule.ts'

type ExecStep = Extract<Step, { type: 'winrm.exec' }>
type ScriptStep = Extract<Step, { type: 'winrm.script' }>

const methods: readonly MethodType[] = ['winrm']

/** A text with its language's rules. */
type Text = {
  expressions: readonly Expression[]
  problems: TextProblem[]
  warnings: (isSecret: (expression: Expression) => boolean) => string[]
  show: (lookup: Lookup) => string
  render: (lookup: Lookup) => { script: string; interpreter: string; variables?: Record<string, string> }
  secrets: (lookup: Lookup) => string[]
}

const inPowerShell = (text: string): Text => {
  const { template, problems } = readPowerShellTemplate(text)
  return {
    expressions: template.places,
    problems,
    warnings: () => [],
    show: (lookup) => showPowerShell(template, lookup),
    render: (lookup) => ({ ...renderPowerShell(template, lookup), interpreter: 'powershell' }),
    secrets: (lookup) => secretsInPowerShell(template, lookup),
  }
}

const inCmd = (text: string): Text => {
  const { template, problems } = readCmdTemplate(text)
  return {
    expressions: template.places,
    problems,
    warnings: (isSecret) => cmdWarnings(template, isSecret),
    show: (lookup) => showCmd(template, lookup),
    render: (lookup) => ({ script: renderCmd(template, lookup), interpreter: 'cmd' }),
    secrets: (lookup) => secretsInCmd(template, lookup),
  }
}

const known = new WeakMap<Step, Text>()

/** Read once for a step, however many branches it runs in. */
const read = <S extends Step>(step: S, make: (step: S) => Text): Text => {
  const found = known.get(step) ?? make(step)
  known.set(step, found)
  return found
}

const stepOf = <S extends Step>(
  field: string,
  text: (step: S) => string,
  make: (step: S) => Text,
): StepTypeRule<S> => ({
  place: 'target',
  methods,
  field,
  text,
  read: (step) => read(step, make),
  warnings: (step, isSecret) => [
    ...(step.mode === 'detached' ? ['On Windows it runs attached: nothing outlives its connection there.'] : []),
    ...read(step, make).warnings(isSecret),
  ],
  show: (step, lookup) => read(step, make).show(lookup),
  action: (step, lookup) => ({ kind: 'shell', ...read(step, make).render(lookup) }),
  secrets: (step, lookup) => read(step, make).secrets(lookup),
})

/** A command of PowerShell or cmd on a Windows machine. */
export const winrmExecStep = stepOf<ExecStep>(
  'command',
  ({ command }) => command,
  ({ shell, command }) => (shell === 'cmd' ? inCmd(command) : inPowerShell(command)),
)

/** A script of PowerShell. */
export const winrmScriptStep = stepOf<ScriptStep>(
  'script',
  ({ script }) => script,
  ({ script }) => inPowerShell(script),
)
