import type { StepType } from '@opsconductor/contract'

export const stepTypeWords = {
  'ssh.exec': 'Command over SSH',
  'ssh.script': 'Script over SSH',
  'winrm.exec': 'Command over WinRM',
} as const satisfies Record<StepType, string>
