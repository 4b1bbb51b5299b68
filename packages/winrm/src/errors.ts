/** Everything this package throws on purpose. `cause` holds what lies below. */
export class WinrmError extends Error {
  override name = 'WinrmError'
  /** Of a command that was to begin: whether it may have, without anybody knowing its number. */
  mayHaveBegun = false
  /** Of a question: false when it certainly was not sent, for there was no connection, no trust or no log-in. */
  mayHaveBeenSent = true
}

/** Whether a question certainly did not reach the server. */
export const wasNotSent = (error: unknown): boolean => error instanceof WinrmError && !error.mayHaveBeenSent

/** An answer that is not what the protocol says: malformed, altered, too large, or for another question. */
export class ProtocolError extends WinrmError {
  override name = 'ProtocolError'
}

/** No connection to the server, or the connection was lost. */
export class ConnectionError extends WinrmError {
  override name = 'ConnectionError'
}

/** The server's certificate is not trusted, or TLS failed otherwise. */
export class TlsError extends WinrmError {
  override name = 'TlsError'
  /** SHA-256 of the certificate that was shown, when it came so far: 64 hexadecimal digits. */
  readonly fingerprint: string | undefined
  constructor(message: string, options: ErrorOptions & { fingerprint?: string | undefined } = {}) {
    super(message, options)
    this.fingerprint = options.fingerprint
  }
}

/** The server does not accept who we are, or offers no way to say it. */
export class AuthError extends WinrmError {
  override name = 'AuthError'
}

/** Something took longer than it may. `phase` says what: the three want different answers. */
export class TimeoutError extends WinrmError {
  override name = 'TimeoutError'
  readonly phase: 'connect' | 'http' | 'command'
  readonly limitMs: number
  /** Of a command: whether the server has confirmed that it ended. */
  isStopped: boolean | undefined
  constructor(phase: TimeoutError['phase'], limitMs: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.phase = phase
    this.limitMs = limitMs
  }
}

/** The caller's signal asked to stop. */
export class CancelledError extends WinrmError {
  override name = 'CancelledError'
  /** Of a command: whether the server has confirmed that it ended. */
  isStopped: boolean | undefined
}

/** The server answered with a SOAP fault. Any part of it may be missing. */
export class RemoteFault extends WinrmError {
  override name = 'RemoteFault'
  /** The WSManFault or WMI code, unsigned: 2150858793 and the like. */
  readonly code: number | undefined
  /** The last part of the SOAP subcode, without its prefix: `TimedOut`, `InvalidSelectors`. */
  readonly subcode: string | undefined
  readonly reason: string
  /** What the provider (winrscmd.dll, WMI) adds. */
  readonly providerText: string | undefined
  constructor(
    message: string,
    detail: {
      code?: number | undefined
      subcode?: string | undefined
      reason?: string
      providerText?: string | undefined
    } = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = detail.code
    this.subcode = detail.subcode
    this.reason = detail.reason ?? message
    this.providerText = detail.providerText
  }
}

/** A quota of the server is used up: shells, operations, memory. */
export class QuotaError extends RemoteFault {
  override name = 'QuotaError'
}

/** The shell or command is gone: deleted, idle too long, or the service was restarted. How a command ended is unknown. */
export class ShellLostError extends RemoteFault {
  override name = 'ShellLostError'
}

/** A file on the server cannot be read or written, or did not arrive as it was sent. The message is PowerShell's own. */
export class RemoteFileError extends WinrmError {
  override name = 'RemoteFileError'
}

/** The command line exceeds what Windows runs; nothing was sent. */
export class CommandTooLongError extends WinrmError {
  override name = 'CommandTooLongError'
  /** In characters. */
  readonly length: number
  readonly limit: number
  constructor(length: number, limit: number) {
    super(
      `The command line has ${length} characters and Windows runs at most ${limit}: put it into a script, or send its data through stdin.`,
    )
    this.length = length
    this.limit = limit
  }
}
