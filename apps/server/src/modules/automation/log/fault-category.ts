import type { Fault, LogCategory, LogPhase } from '@opsconductor/contract'

/** Every fault has one category in the log, and the phase in which it happens. */
export const categoryOf = (fault: Fault): { category: LogCategory; phase: LogPhase } => {
  switch (fault) {
    case 'denied':
    case 'untrusted':
      return { category: 'authentication', phase: 'authentication' }
    case 'unreachable':
    case 'refused':
    case 'protocol':
      return { category: 'communication', phase: 'communication' }
    case 'timeout':
      return { category: 'communication', phase: 'action_execution' }
    case 'cancelled':
      return { category: 'user', phase: 'action_execution' }
  }
}
