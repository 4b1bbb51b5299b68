import { dial } from './connection/dial.ts'
import { httpConnection } from './connection/http.ts'
import { schemesIn } from './connection/log-in.ts'
import { settle, type ConnectOptions } from './options.ts'

/**
 * The ways to log in that a server offers to somebody it does not know yet: `Negotiate`, `Kerberos`, `Basic` … Nothing
 * of the credentials is sent. @throws ConnectionError, TlsError, ProtocolError, TimeoutError, CancelledError
 */
export const offers = async (options: Omit<ConnectOptions, 'credentials'>, signal?: AbortSignal): Promise<string[]> => {
  const nobody = { type: 'ntlm', username: '', password: '' } as const
  const { route, path, maxAnswerBytes } = settle({ ...options, credentials: nobody }).lane
  const { socket } = await dial(route, undefined, signal)
  const http = httpConnection(socket, { host: route.host, port: route.port, path, maxBytes: maxAnswerBytes })
  try {
    const type = { 'Content-Type': 'application/soap+xml;charset=UTF-8' }
    const { challenges } = await http.post(type, Buffer.alloc(0), { timeoutMs: route.connectTimeoutMs, signal })
    return schemesIn(challenges)
  } finally {
    http.close()
  }
}
