import { randomUUID } from 'node:crypto'
import { pause } from '../connection/waiting.ts'
import { ConnectionError, RemoteFault, TimeoutError } from '../errors.ts'
import { FaultCode } from '../wsman/fault.ts'
import { Action } from '../wsman/namespaces.ts'
import type { XmlElement } from '../wsman/xml-reader.ts'
import type { ShellPort } from './shell-port.ts'

/** The waits before the lost connection is tried again; the last one is repeated. */
const PAUSES_MS = [0, 250, 500, 1_000, 2_000]

const isLost = (error: unknown) =>
  error instanceof ConnectionError || (error instanceof TimeoutError && error.phase !== 'command')

/**
 * One Receive. A lost connection is no reason to lose the command: the same question is asked again over a new one,
 * and gets the same answer. @returns undefined when the command has said nothing within the poll period
 */
export const receive = async (shell: ShellPort, body: string, signal: AbortSignal): Promise<XmlElement | undefined> => {
  const operation = {
    action: Action.receive,
    body,
    messageId: randomUUID(),
    isRepeatable: true,
    options: { WSMAN_CMDSHELL_OPTION_KEEPALIVE: 'TRUE' },
    signal,
  }
  let lostAt: number | undefined
  for (let attempt = 0; ; attempt++) {
    try {
      return await shell.ask(operation)
    } catch (error) {
      if (error instanceof RemoteFault && error.code === FaultCode.operationTimedOut) return undefined
      if (!isLost(error)) throw error
      lostAt ??= performance.now()
      const pauseMs = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]!
      if (performance.now() + pauseMs - lostAt > shell.reconnectMs)
        throw new ConnectionError('The connection was lost and did not come back; how the command ended is unknown.', {
          cause: error,
        })
      await pause(pauseMs, signal)
    }
  }
}
