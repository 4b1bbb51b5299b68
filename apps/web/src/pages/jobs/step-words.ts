import type { Step, StepType } from '@opsconductor/contract'

export const stepTypeWords = {
  'ssh.exec': 'Command over SSH',
  'ssh.script': 'Script over SSH',
  'ssh.copy': 'Copy files over SSH',
  'script.local': "Script on the executor's machine",
  wait: 'Wait',
  'winrm.exec': 'Command over WinRM',
  'winrm.script': 'Script over WinRM',
  'winrm.copy': 'Copy a file over WinRM',
} as const satisfies Record<StepType, string>

/** What a step does, for reading: its script, its command, what it copies, what it waits for. */
export const stepText = (step: Step): string => {
  switch (step.type) {
    case 'ssh.script':
    case 'script.local':
    case 'winrm.script':
      return step.script
    case 'ssh.exec':
    case 'winrm.exec':
      return step.command
    case 'ssh.copy':
    case 'winrm.copy':
      return copyText(step)
    case 'wait':
      return step.until === undefined ? `${step.durationSec ?? 0} s` : `until ${step.until}`
  }
}

const copyText = ({ direction, content, from = '', to }: Extract<Step, { type: 'ssh.copy' | 'winrm.copy' }>) => {
  if (content !== undefined) return `write ${to}\n${content}`
  return direction === 'down' ? `copy ${from} to files:${to}` : `copy files:${from} to ${to}`
}
