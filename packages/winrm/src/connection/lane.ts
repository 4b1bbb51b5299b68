import type { Authentication, Protection } from '../auth/authentication.ts'
import { AuthError, CancelledError, ConnectionError, ProtocolError, WinrmError } from '../errors.ts'
import { endPointBinding } from './channel-binding.ts'
import { dial, type PhaseDone, type Route } from './dial.ts'
import { httpConnection, type HttpAnswer, type HttpConnection, type HttpLimits } from './http.ts'
import { logIn, offeredSchemes } from './log-in.ts'
import { openBody, sealBody, sealedContentType } from './sealed-body.ts'
import { throwIfCancelled, unlessCancelled } from './waiting.ts'

export type LaneOptions = {
  readonly route: Route
  readonly path: string
  readonly authentication: Authentication
  /** The longest answer that is read. */
  readonly maxAnswerBytes: number
  readonly phaseDone?: PhaseDone | undefined
}

export type PostLimits = HttpLimits & {
  /** Whether the server may hear it twice without harm: then it is said again when the connection was lost. */
  readonly isRepeatable?: boolean
}

/** The answer's status is 200 or 500; the latter holds a SOAP fault. */
export type LaneAnswer = { readonly status: number; readonly body: Buffer }

/**
 * One connection at a time, one authentication on it, one question after the other. A lost connection is replaced with
 * the next question, and the new one logs in anew: what both sides agreed on never outlives its connection.
 */
export type Lane = {
  /** Questions wait their turn in the order they came. */
  post(envelope: Buffer, limits: PostLimits): Promise<LaneAnswer>
  /** Connects and logs in ahead of the first question. */
  enter(limits: HttpLimits): Promise<void>
  /** Questions asked and not answered yet. */
  readonly pending: number
  close(): void
}

/** http.sys drops a connection after 120 s of silence; one this old is not trusted with a question that cannot be repeated. */
const TRUSTED_IDLE_MS = 60_000

type Entered = { readonly http: HttpConnection; readonly protection: Protection | undefined }

const SOAP = 'application/soap+xml;charset=UTF-8'

export const createLane = (options: LaneOptions): Lane => {
  const { route, authentication, path, maxAnswerBytes, phaseDone } = options
  let entered: Entered | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let pending = 0
  const closing = new AbortController()

  const enter = async (limits: HttpLimits): Promise<Entered> => {
    const { socket, certificate } = await dial(route, phaseDone, limits.signal)
    const http = httpConnection(socket, { host: route.host, port: route.port, path, maxBytes: maxAnswerBytes })
    if (authentication.kind === 'header') return { http, protection: undefined }
    try {
      const binding = certificate === undefined ? undefined : endPointBinding(certificate.der)
      const protection = await logIn(http, authentication, { host: route.host, endPointBinding: binding }, limits)
      phaseDone?.('authentication', authentication.name)
      // what TLS protects already is not sealed again
      return { http, protection: certificate === undefined ? protection : undefined }
    } catch (error) {
      http.close()
      throw error
    }
  }

  /** For a question, which the error says was not sent when this fails. */
  const enterFor = async (limits: HttpLimits): Promise<Entered> => {
    try {
      return await enter(limits)
    } catch (error) {
      if (error instanceof WinrmError) error.mayHaveBeenSent = false
      throw error
    }
  }

  const leave = () => {
    entered?.http.close()
    entered = undefined
  }

  const ask = async ({ http, protection }: Entered, envelope: Buffer, limits: HttpLimits): Promise<HttpAnswer> => {
    if (protection !== undefined)
      return http.post(
        { 'Content-Type': sealedContentType(protection.protocol) },
        sealBody(protection, envelope),
        limits,
      )
    const authorization = authentication.kind === 'header' ? { Authorization: authentication.authorization } : {}
    return http.post({ 'Content-Type': SOAP, ...authorization }, envelope, limits)
  }

  /** @throws ProtocolError, AuthError when the answer is neither a result nor a fault */
  const open = ({ protection }: Entered, answer: HttpAnswer): LaneAnswer => {
    if (answer.status !== 200 && answer.status !== 500) {
      leave()
      if (answer.status === 401 || answer.status === 403)
        throw new AuthError(
          `The server refused ${authentication.name} (HTTP ${answer.status}); it offers ${offeredSchemes(answer.challenges)}.`,
        )
      if (answer.status === 413) throw new ProtocolError('The request is larger than the server takes (HTTP 413).')
      throw new ProtocolError(`The server answered with HTTP ${answer.status}.`)
    }
    return { status: answer.status, body: protection === undefined ? answer.body : openBody(protection, answer.body) }
  }

  const isUsable = () =>
    entered !== undefined && entered.http.isOpen() && performance.now() - entered.http.usedAt < TRUSTED_IDLE_MS

  const attempt = async (envelope: Buffer, limits: PostLimits, isSecond: boolean): Promise<LaneAnswer> => {
    throwIfCancelled(limits.signal)
    const isKept = isUsable()
    if (!isKept) {
      leave()
      entered = await enterFor(limits)
    }
    const current = entered!
    let answer: HttpAnswer
    try {
      answer = await ask(current, envelope, limits)
    } catch (error) {
      leave()
      const mayRepeat = error instanceof ConnectionError && isKept && limits.isRepeatable === true && !isSecond
      if (!mayRepeat) throw error
      return attempt(envelope, limits, true)
    }
    // 401: the log-in has run out. 400 to something sealed: the server no longer knows this connection. Neither was executed
    const isForgotten = answer.status === 401 || (answer.status === 400 && current.protection !== undefined)
    if (isForgotten && isKept && !isSecond) {
      leave()
      return attempt(envelope, limits, true)
    }
    try {
      return open(current, answer)
    } catch (error) {
      leave()
      throw error
    }
  }

  const inTurn = async <L extends HttpLimits, T>(limits: L, work: (limits: L) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.any([closing.signal, ...(limits.signal === undefined ? [] : [limits.signal])])
    pending++
    const mine = turn.then(() => work({ ...limits, signal }))
    turn = mine.catch(() => {})
    try {
      return await unlessCancelled(mine, signal)
    } catch (error) {
      if (closing.signal.aborted && error instanceof CancelledError)
        throw new ConnectionError('The client is closed.', { cause: error })
      throw error
    } finally {
      pending--
    }
  }

  return {
    get pending() {
      return pending
    },
    post: (envelope, limits) => inTurn(limits, (own) => attempt(envelope, own, false)),
    enter: (limits) =>
      inTurn(limits, async (own) => {
        entered ??= await enter(own)
      }),
    close() {
      closing.abort()
      leave()
    },
  }
}
