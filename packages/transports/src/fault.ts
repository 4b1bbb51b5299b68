/** Why the wire failed, as a closed set: retries look at this and never at the text. */
export type Fault = 'unreachable' | 'refused' | 'denied' | 'untrusted' | 'timeout' | 'protocol' | 'cancelled'

/** Where on the way to a result it failed; a connection test reports these one by one. */
export type ConnectPhase = 'dns' | 'connect' | 'host_key' | 'authentication' | 'command'

export type FaultDetails = {
  host?: string
  port?: number
  /** Whether the command may have begun on the target. `false` means that trying again cannot run it twice. */
  started?: boolean
  /** The target has no folder for guards: without one, the command can be run, but not at most once. */
  isWithoutFolder?: boolean
  /** Fingerprints as `ssh-keygen -l` prints them. */
  offeredFingerprint?: string
  expectedFingerprint?: string
  /** What the server accepts, e.g. `publickey`. */
  acceptedMethods?: readonly string[]
  /** The jump host at which it failed, e.g. `bastion.example.org:22`, and in which phase of connecting to that. */
  jumpHost?: string
  jumpPhase?: ConnectPhase
  /** What the other side said in place of doing what was asked; at most 2,000 characters. */
  said?: string
}

/**
 * The wire failed; a command that failed is not this but a result. The message is for the user and says what to do
 * next, `cause` is for the log, and neither ever holds a secret.
 */
export class TransportError extends Error {
  readonly fault: Fault
  readonly phase: ConnectPhase
  readonly details: FaultDetails

  constructor(fault: Fault, phase: ConnectPhase, message: string, details: FaultDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TransportError'
    this.fault = fault
    this.phase = phase
    this.details = details
  }
}

export const cancelled = (phase: ConnectPhase, details: FaultDetails = {}): TransportError =>
  new TransportError('cancelled', phase, 'Cancelled before the target was asked to do anything.', {
    started: false,
    ...details,
  })
