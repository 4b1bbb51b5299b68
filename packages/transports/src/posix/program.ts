import type { Readable } from 'node:stream'

export type ProgramEnd = {
  exitCode?: number
  /** Without `SIG`. */
  signal?: string
  isCoreDumped?: boolean
  /** Why there is neither a code nor a signal. */
  lost?: string
}

/** A started program on the other side, as the wires give it: three streams and an end. */
export interface Program {
  readonly stdout: Readable
  readonly stderr: Readable
  /**
   * Hands bytes to the standard input; resolves when they are on their way. Never rejects, and may never resolve once the
   * program is gone: one that exits without reading its input is not a fault.
   */
  write(input: string | Uint8Array): Promise<void>
  /** The end of the standard input; only after the last `write` has resolved. */
  end(): void
  /** The status is known; output may still come. Does not settle when none arrives. */
  readonly exited: Promise<ProgramEnd>
  /** Both outputs were read to their end. Never rejects. */
  readonly closed: Promise<ProgramEnd>
  /** Lets go of it; what runs on the other side is not signalled. */
  close(): void
}

/**
 * Starts a command line. Rejects with a TransportError with `started: false`: until the standard input was sent nothing
 * of a command can have run.
 */
export type StartProgram = (commandLine: string, signal: AbortSignal) => Promise<Program>
