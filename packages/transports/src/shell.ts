/** What every wire to a machine gives, whatever it is made of. The executor knows nothing more of a target. */

export type OutputStream = 'stdout' | 'stderr'

export type ShellCommand = {
  /**
   * POSIX sh text, with the variables it needs already assigned and quoted. Travels on the standard input, so it may
   * hold secrets and be megabytes long. NUL and lone surrogates are refused. On Windows: PowerShell, or a line of cmd.
   */
  script: string
  /**
   * PowerShell only: variables the script finds set, whatever they hold.
   */
  variables?: Readonly<Record<string, string>>
  /**
   * Program that reads the script instead of sh, e.g. `/bin/bash` or `python3 -u`; words are parted by blanks, there is
   * no quoting. It is given the script as the file `/dev/fd/3`, a pipe; shells, Python, Perl and Ruby read that, Node
   * does not. On Windows `powershell`, which it is unless told, or `cmd`.
   */
  interpreter?: string
  /**
   * What the command reads on its standard input; without it that is /dev/null. Taken only once the command runs, and no
   * faster than the target takes it. When it throws, the command is stopped and `run` rejects with that error.
   */
  input?: AsyncIterable<Uint8Array>
  /**
   * Bytes in the order in which the target wrote them to that stream; between the streams, in order of arrival.
   * A returned promise is back-pressure: nothing more is read from this command until it resolves, and the target's
   * program waits once the buffers on the way (about 4 MB) are full.
   */
  onOutput(stream: OutputStream, bytes: Uint8Array): void | Promise<void>
  /** The command runs; everything it starts is in this process group unless it asked to leave it. Called once at most. */
  onStarted?(processGroup: number): void
  /** Aborting stops the command on the target, not just the waiting for it. */
  signal: AbortSignal
  /** From the moment the command was sent, in milliseconds. Without it there is no limit. */
  timeoutMs?: number
  /** How long TERM has to work before KILL follows; 5,000 ms unless told. */
  killGraceMs?: number
}

/** `exited` with any code is an answer; so is everything else here. */
export type ShellExit =
  | {
      kind: 'exited'
      exitCode: number
      /** Something the command left behind still held its output open; what that writes later is not read. */
      isOutputHeldOpen?: boolean
      /** The connection was lost just then: the last of its output may be missing. */
      isOutputCut?: boolean
    }
  | { kind: 'signalled'; signal: string; isCoreDumped?: boolean }
  /** No exit status came. Whatever the reason, this is never success. */
  | { kind: 'unknown'; reason: string; processGroup?: number }
  | Stopped

/** What was seen on the target after TERM and, if that did not help, KILL. */
export type Stopped = {
  kind: 'stopped'
  because: 'cancelled' | 'timeout'
  /** `unconfirmed`: the target could not be asked, or the command has no process group of its own. */
  outcome: 'stopped' | 'still_running' | 'unconfirmed'
  /** Processes still there when it was `still_running`. */
  pids: number[]
}

/** An open connection, lent: disposing of it gives it back and leaves running commands to their callers. */
export interface Shell extends AsyncDisposable {
  /** Rejects with a TransportError only when the command certainly never started (`details.started === false`). */
  run(command: ShellCommand): Promise<ShellExit>
  /** Signals the group and whatever else is in its session. Silent when there is nothing left to signal. */
  signal(processGroup: number, signal: 'TERM' | 'KILL'): Promise<void>
  /** Process ids of the group and its session still there, zombies left out, looked up on the target. */
  alive(processGroup: number): Promise<number[]>
}
