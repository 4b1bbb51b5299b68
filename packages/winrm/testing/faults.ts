import type { Fault } from './envelopes.ts'

/** The faults Windows answers with, in its words. */
export const faults = {
  timedOut: {
    code: 2150858793,
    subcode: 'w:TimedOut',
    text: 'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ',
  },
  noShell: {
    code: 2150858843,
    subcode: 'w:InvalidSelectors',
    text: 'The request for the Windows Remote Shell with ShellId failed because the shell was not found on the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the correct ShellId or create a new shell and retry the operation. ',
  },
  noCommand: {
    code: 2150858843,
    subcode: 'w:InvalidSelectors',
    text: 'The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. Either the command has completed execution or the client specified an invalid command identifier. ',
  },
  aborted: {
    code: 995,
    subcode: 'w:InternalError',
    text: 'The I/O operation has been aborted because of either a thread exit or an application request. ',
  },
  maxOperations: {
    code: 2150859174,
    subcode: 'w:QuotaLimit',
    text: 'The WS-Management service cannot process the request. The maximum number of concurrent operations for this user has been exceeded. Close existing operations for this user, or raise the quota for this user. ',
  },
  maxShells: {
    code: 2150859173,
    subcode: 'w:QuotaLimit',
    text: 'The WS-Management service cannot process the request. This user is allowed a maximum number of 30 concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ',
  },
  busy: { code: 170, subcode: 'w:InternalError', text: 'The requested resource is in use. ' },
  fileNotFound: {
    code: 2147942402,
    subcode: 'w:InternalError',
    provider: 'Shell cmd plugin',
    text: 'The system cannot find the file specified. ',
  },
  profileUnloaded: {
    code: 2147943418,
    subcode: 'w:InternalError',
    text: 'Illegal operation attempted on a registry key that has been marked for deletion. ',
  },
  accessDenied: { code: 5, subcode: 'w:AccessDenied', text: 'Access is denied. ' },
} as const satisfies Record<string, Fault>
