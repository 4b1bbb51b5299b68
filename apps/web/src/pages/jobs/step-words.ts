import type { Step, StepType } from '@opsconductor/contract'

export const stepTypeWords = {
  'ssh.exec': 'Command over SSH',
  'ssh.script': 'Script over SSH',
  'ssh.copy': 'Copy files over SSH',
  'winrm.exec': 'Command over WinRM',
  'winrm.script': 'Script over WinRM',
} as const satisfies Record<StepType, string>

/** What a step does, for reading: its script, its command, what it copies. */
export const stepText = (step: Step): string => {
  switch (step.type) {
    case 'ssh.script':
    case 'winrm.script':
      return step.script
    case 'ssh.exec':
    case 'winrm.exec':
      return step.command
    case 'ssh.copy':
      return copyText(step)
  }
}

const copyText = ({ direction, content, from = '', to }: Extract<Step, { type: 'ssh.copy' }>) => {
  if (content !== undefined) return `write ${to}\n${content}`
  return direction === 'down' ? `copy ${from} to files:${to}` : `copy files:${from} to ${to}`
}
