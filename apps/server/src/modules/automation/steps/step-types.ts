import type { MethodType, Step, StepType } from '@opsconductor/contract'
import { type CopyStep, copySecrets, copyWarnings, isCopyStep, readCopy, showCopy } from './copy-step.ts'
import { execStep, localScriptStep, sshScriptStep } from './shell-steps.ts'
import type { StepTypeRule } from './step-type-rule.ts'
import { waitStep } from './wait-step.ts'
import { winrmExecStep, winrmScriptStep } from './winrm-steps.ts'

const shells: readonly MethodType[] = ['ssh', 'local']

const copyOver = (methods: readonly MethodType[]): StepTypeRule<CopyStep> => ({
  place: 'target',
  methods,
  field: 'to',
  text: ({ content = '', from = '', to }) => [content, from, to].join('\n'),
  read: readCopy,
  warnings: copyWarnings,
  show: showCopy,
  action: () => ({ kind: 'copy' }),
  secrets: copySecrets,
})

const rules: { [T in StepType]: StepTypeRule<Extract<Step, { type: T }>> } = {
  'ssh.exec': execStep,
  'ssh.script': sshScriptStep,
  'ssh.copy': copyOver(shells),
  'winrm.exec': winrmExecStep,
  'winrm.script': winrmScriptStep,
  'winrm.copy': copyOver(['winrm']),
  'script.local': localScriptStep,
  wait: waitStep,
}

export const ruleOf = (step: Step): StepTypeRule => rules[step.type] as unknown as StepTypeRule

/** Whether this version can run it. */
export const isUsable = (step: Step): boolean => ruleOf(step).place === 'nowhere' || ruleOf(step).methods.length > 0

export const stepIdOf = (step: Step, index: number): string => step.id ?? `step-${index + 1}`

export const stepNameOf = (step: Step, index: number): string => step.name ?? stepIdOf(step, index)

/**
 * Commands without a limit, or with one of over a minute, are detached by default; `attached` can be chosen. On Windows
 * nothing outlives its connection.
 */
export const modeOf = (step: Step, over: MethodType): 'attached' | 'detached' => {
  if (isCopyStep(step) || over === 'winrm') return 'attached'
  const { mode, timeoutSec } = step
  return mode ?? (timeoutSec === undefined || timeoutSec > 60 ? 'detached' : 'attached')
}
