import type { TargetFiles } from '../copy/target-files.ts'
import type { OutputStream, Shell, ShellCommand, ShellExit, Stopped } from '../shell.ts'

/**
 * What a machine can do beyond a {@link Shell}: start something at most once, whoever asks how often, and let it run on
 * when nobody listens. What it leaves on the target for this is described in docs/on-the-target.md.
 */
export interface GuardedShell extends Shell {
  run(command: ShellCommand & { guard: Guard }): Promise<ShellExit | Guarded>
  run(command: ShellCommand & { guard?: never }): Promise<ShellExit>
  /**
   * Makes sure that what has not been started under this guard never will be, and says what is known of it otherwise.
   * Throws a TransportError when the target cannot be asked.
   */
  burn(guard: Guard): Promise<GuardAnswer>
  /**
   * Starts a command that goes on without us, under a guard. Rejects with a TransportError only when it certainly has
   * not started (`details.started === false`).
   */
  detach(command: DetachedCommand): Promise<Detached>
  /**
   * Hands on the output of a detached command from the given offsets until it ends. Rejects with a TransportError when
   * the connection breaks: what was handed on is right, and another `follow` goes on from there.
   */
  follow(request: FollowRequest): Promise<FollowEnd>
  /** TERM, after the grace KILL, and a look. Never rejects. */
  stop(request: StopRequest): Promise<Stopped>
  /** Removes the output of a detached command that has ended; its exit stays known. `false`: it has not ended. */
  remove(guard: Guard): Promise<boolean>
  /** Where files do not go by commands of sh; absent where they do. */
  readonly files?: TargetFiles
}

/** That of a machine with a POSIX sh. */
export type PosixShell = GuardedShell

/** One try of one step: 1 to 100 letters, digits, `_` and `-`, not beginning with a `-`. Never used again. */
export type Guard = { id: string }

/** Not started now: it was before, or it never may be. `burn` says which. */
export type Guarded = { kind: 'guarded' }

export type RecordedExit =
  | {
      kind: 'exited'
      exitCode: number
      /** The target's sh cannot tell this code from a death by this signal. */
      possibleSignal?: string
      /** Something the command left behind in its group went on after its end; what that writes is not read. */
      isOutputHeldOpen?: boolean
    }
  | { kind: 'signalled'; signal: string }

export type GuardAnswer =
  /** It never started and never will. */
  | { kind: 'burnt' }
  /** Its first process lives, seen right now. */
  | { kind: 'running'; isDetached: boolean; processGroup: number | undefined }
  | { kind: 'ended'; isDetached: boolean; exit: RecordedExit; stopReason?: StopReason }
  /** It started, does not run any more, and nobody noted how it ended. */
  | { kind: 'gone'; isDetached: boolean; reason: string; processGroup: number | undefined }

export type DetachedCommand = Guard &
  Pick<ShellCommand, 'script' | 'variables' | 'interpreter' | 'signal'> & {
    /**
     * More output than this (both streams together) stops the command, noticed within seconds; 1 GiB unless told. The
     * output is a file on the target, and nobody else keeps it from filling the disk.
     */
    outputLimitBytes?: number
    /** How long TERM has to work before KILL follows, when the limit is passed; 5,000 ms unless told. */
    killGraceMs?: number
  }

export type Detached =
  | { kind: 'started'; processGroup: number }
  | Guarded
  /** Nothing was started and no guard was taken: the caller may run it attached under the same guard. */
  | { kind: 'unsupported'; reason: string }
  /** The answer was lost: it may run. `burn` knows. */
  | { kind: 'unknown'; reason: string }

export type OutputPosition = Record<OutputStream, number>

export type FollowRequest = Guard & {
  /** How many bytes of each stream are there already; both 0 unless told. */
  from?: OutputPosition
  /**
   * Bytes as in {@link ShellCommand.onOutput}, and the offset of the first of them in its stream. Nothing is missing
   * and nothing comes twice, whoever followed before.
   */
  onOutput(stream: OutputStream, bytes: Uint8Array, offset: number): void | Promise<void>
  /** Aborting ends the following and leaves the command alone. */
  signal: AbortSignal
  /** Aborting stops the command; output goes on until it has ended. */
  cancel?: AbortSignal
  /** Stops the command when so much time is over, counted from now. */
  timeoutMs?: number
  killGraceMs?: number
}

export type FollowEnd =
  /** `isOutputCut`: it wrote more than the target still has. */
  | (RecordedExit & { stopReason?: StopReason; isOutputCut?: boolean })
  /** As in {@link ShellExit}; the reason says whether the machine was started anew or the watching process was ended. */
  | { kind: 'unknown'; reason: string; processGroup?: number }
  /** The end of `cancel` and `timeoutMs`, as it was seen on the target. */
  | Stopped
  /** `signal` was aborted. */
  | { kind: 'left' }

/** Why a detached command was signalled by us, by whichever connection. */
export type StopReason = 'cancelled' | 'timeout' | 'output_limit'

export type StopRequest = Guard & { because: Stopped['because']; killGraceMs?: number }
