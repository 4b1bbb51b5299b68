import type { Readable } from 'node:stream'
import type { TransportError } from '../fault.ts'

export type ProgramEnd = {
  /** It turned out that it was never started, although its input was on the way. */
  notStarted?: TransportError
  exitCode?: number
  /** Without `SIG`. */
  signal?: string
  isCoreDumped?: boolean
  /** Why there is neither a code nor a signal. */
  lost?: string
  /** The connection was lost behind the code or the signal: the last output may be missing. */
  isOutputCut?: boolean
}

/** The end of a program whose channel is closed. @param lost why the connection ended, if it did */
export const endOfClosed = (end: ProgramEnd | undefined, lost: string | undefined): ProgramEnd => {
  if (end === undefined) return { lost: lost ?? 'The target closed the channel without an exit status.' }
  return lost === undefined ? end : { ...end, isOutputCut: true }
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
 * Starts a command line. `isTraceable`: what became of it can be found out later, so it may be sent over a connection
 * that is only believed to live; otherwise a dead one is to be noticed before. Rejects with a TransportError with `started: false`: until the standard input was sent nothing
 * of a command can have run.
 */
export type StartProgram = (commandLine: string, signal: AbortSignal, isTraceable?: boolean) => Promise<Program>
