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
  /** All of the standard input, and its end. A program that exits without reading it is not a fault. */
  send(input: string): void
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
