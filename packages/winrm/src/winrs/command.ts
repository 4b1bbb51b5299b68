import { CancelledError, RemoteFault, ShellLostError, TimeoutError, type WinrmError } from '../errors.ts'
import { FaultCode } from '../wsman/fault.ts'
import { Action } from '../wsman/namespaces.ts'
import type { OutputPiece } from './answers.ts'
import type { Dialect } from './dialect.ts'
import { createOutputQueue } from './output-queue.ts'
import { receive } from './receiving.ts'
import { sendCapacity, type SignalName } from './requests.ts'
import type { Ask, ShellPort } from './shell-port.ts'
import { inputBytes, sendPiece, writesInTurn } from './stdin.ts'

export type Exit = {
  /** Unsigned 32 bits: 3221225786 is 0xC000013A, ended by ctrl-c. */
  readonly exitCode: number
}

/** A running command. */
export type Command<P = OutputPiece> = {
  readonly id: string
  /** Whether it has ended or was told to: then it reads nothing any more. */
  readonly isOver: boolean
  /**
   * What it writes, as it comes; to be read once. Output that nobody reads makes the command wait after about a
   * megabyte, so read it, or run the command with `output: 'discard'`. Whoever stops
   * reading lets the command run on unheard.
   */
  readonly output: AsyncIterable<P>
  /**
   * @throws TimeoutError, CancelledError (both say whether the command ended), ShellLostError, ConnectionError (how it
   * ended is unknown), RemoteFault, ProtocolError
   */
  readonly exit: Promise<Exit>
  /** Resolves when Windows has taken it. What a command does not read before it ends is no fault. */
  write(data: string | Uint8Array): Promise<void>
  /** Closes its standard input. */
  end(): Promise<void>
  /** ctrl_c and ctrl_break ask it to end, terminate ends it. */
  signal(name: SignalName): Promise<void>
}

export type CommandLimits = {
  /** How long it may run; then it is ended. Default: as long as it likes. */
  readonly timeoutMs?: number | undefined
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined
  readonly output?: 'read' | 'discard' | undefined
}

const ROOM_BYTES = 1_048_576

/** Whether the server's answer means that the command runs no more. */
const meansGone = (error: unknown) =>
  error instanceof RemoteFault && (error instanceof ShellLostError || error.code === FaultCode.operationAborted)

/** Follows a command that was just started. @param onOver called once, when nothing more will be asked about it */
export const followCommand = <P extends { readonly data: Buffer }>(
  shell: ShellPort,
  id: string,
  dialect: Dialect<P>,
  { timeoutMs, signal, output = 'read' }: CommandLimits,
  onOver: (isShellUsable: boolean) => void,
): Command<P> => {
  const queue = createOutputQueue<P>(output === 'discard' ? 0 : ROOM_BYTES)
  if (output === 'discard') queue.neverWait()
  const receiving = new AbortController()
  let stopReason: (CancelledError | TimeoutError) | undefined
  let isOver = false
  let patience: NodeJS.Timeout | undefined

  const sendSignal = (name: SignalName, ask: Ask) =>
    ask({ action: Action.signal, body: dialect.signalBody(name), isRepeatable: true, operationTimeoutMs: shell.stopMs })

  const receiveAll = async (): Promise<number> => {
    for (;;) {
      const answer = await receive(shell, dialect.receiveBody, receiving.signal)
      if (answer === undefined) continue
      const { pieces, exitCode } = dialect.hear(answer)
      await queue.put(
        pieces,
        pieces.reduce((sum, { data }) => sum + data.length, 0),
      )
      if (exitCode !== undefined) return exitCode
    }
  }

  const over = (isShellUsable: boolean, error?: Error) => {
    isOver = true
    clearTimeout(timer)
    clearTimeout(patience)
    signal?.removeEventListener('abort', cancel)
    queue.end(error)
    onOver(isShellUsable)
  }

  const stop = async (reason: CancelledError | TimeoutError) => {
    if (isOver || stopReason !== undefined) return
    stopReason = reason
    queue.neverWait()
    patience = setTimeout(() => void abandon(reason), shell.stopMs)
    await sendSignal('terminate', shell.askBeside).catch(() => {})
  }
  /** Neither the signal nor its effect: the shell goes, and with it what runs in it. */
  const abandon = async (reason: CancelledError | TimeoutError) => {
    reason.isStopped ??= await shell.abandon()
    receiving.abort(reason)
  }
  const cancel = () => void stop(new CancelledError('The command was cancelled.', { cause: signal?.reason as unknown }))
  const timeOut = (limitMs: number) =>
    void stop(new TimeoutError('command', limitMs, `The command took longer than ${limitMs} ms.`))

  const follow = async (): Promise<Exit> => {
    try {
      const exitCode = await receiveAll()
      if (stopReason !== undefined) {
        stopReason.isStopped = true
        throw stopReason
      }
      // required before the next command may start, MS-WSMV 3.1.4.12; it keeps its turn on the lane, nobody waits for it
      sendSignal('terminate', shell.ask).catch((error: unknown) => {
        if (!(error instanceof RemoteFault)) void shell.abandon()
      })
      over(true)
      return { exitCode }
    } catch (error) {
      const reason = stopReason ?? (error as WinrmError)
      if (stopReason !== undefined) stopReason.isStopped ??= meansGone(error)
      over(error === stopReason, reason)
      throw reason
    }
  }

  const exit = follow()
  exit.catch(() => {}) // whoever cares has asked for it
  const timer = timeoutMs === undefined ? undefined : setTimeout(timeOut, timeoutMs, timeoutMs)
  if (signal?.aborted === true) cancel()
  else signal?.addEventListener('abort', cancel, { once: true })

  const capacity = () => sendCapacity(shell.endpoint.maxEnvelopeBytes)
  const readsNoMore = () => isOver || stopReason !== undefined
  const writes = writesInTurn(readsNoMore)

  return {
    id,
    get isOver() {
      return readsNoMore()
    },
    output: queue.pieces,
    exit,
    write: (data) =>
      writes(async () => {
        for (const piece of dialect.input(inputBytes(data), capacity()))
          if (piece.length > 0 && !readsNoMore()) await sendPiece(shell.askBeside, id, piece, false, receiving.signal)
      }),
    end: () =>
      writes(() => {
        const { data, isLast } = dialect.inputEnd(capacity())
        return sendPiece(shell.askBeside, id, data, isLast, receiving.signal)
      }),
    async signal(name) {
      if (!isOver) await sendSignal(name, shell.askBeside)
    },
  }
}
