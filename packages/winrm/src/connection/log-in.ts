import type { Authentication, Handshake, Peer, Protection } from '../auth/authentication.ts'
import { AuthError, ConnectionError, ProtocolError } from '../errors.ts'
import type { HttpAnswer, HttpConnection, HttpLimits } from './http.ts'
import { within } from './waiting.ts'

/** Tokens to and fro before we give up; Kerberos needs one, NTLM two. */
const MAX_ROUNDS = 8

const EMPTY = Buffer.alloc(0)

/** Several may share one header. A comma in a quoted value cuts that one, of which only the scheme is of interest. */
const separate = (challenges: readonly string[]) => challenges.flatMap((challenge) => challenge.split(/,\s*/))

/** The schemes a 401 offers, each once. */
export const schemesIn = (challenges: readonly string[]): string[] => {
  const names = separate(challenges).map((challenge) => /^[\w-]+(?= |$)/.exec(challenge)?.[0] ?? '')
  return [...new Set(names)].filter((name) => name !== '')
}

/** The same for a message. */
export const offeredSchemes = (challenges: readonly string[]): string => schemesIn(challenges).join(', ') || 'nothing'

/** The server's token for our scheme, undefined when its answer holds none. */
const tokenIn = ({ challenges }: HttpAnswer, scheme: string): Buffer | undefined => {
  for (const challenge of separate(challenges)) {
    const [name, token] = challenge.split(/\s+/, 2)
    if (name?.toLowerCase() === scheme.toLowerCase() && token) return Buffer.from(token, 'base64')
  }
  return undefined
}

/** A handshake that comes too late is let go of. */
const begin = async (
  beginning: Promise<Handshake>,
  inTime: (work: Promise<Handshake>) => Promise<Handshake>,
): Promise<Handshake> => {
  try {
    return await inTime(beginning)
  } catch (error) {
    void beginning.then(
      (late) => late.dispose(),
      () => {},
    )
    throw error
  }
}

/**
 * The handshake of a fresh connection, with empty requests, and the first token without being asked: that saves a
 * round trip and a connection. @returns the protection agreed on
 * @throws AuthError, ProtocolError, ConnectionError, TimeoutError, CancelledError
 */
export const logIn = async (
  connection: HttpConnection,
  authentication: Extract<Authentication, { kind: 'handshake' }>,
  peer: Peer,
  limits: HttpLimits,
): Promise<Protection> => {
  const { name } = authentication
  // where a ticket has to be asked for, that takes as long as the KDC likes
  const inTime = <T>(work: Promise<T>): Promise<T> =>
    within(
      { phase: 'connect', limitMs: limits.timeoutMs, what: `The log-in by ${name}`, signal: limits.signal },
      work,
      () => {},
    )
  const handshake = await begin(authentication.begin(peer), inTime)
  let step: Promise<Buffer | undefined> = Promise.resolve(undefined)
  const next = (token: Buffer | undefined): Promise<Buffer | undefined> => inTime((step = handshake.next(token)))
  try {
    let ours = await next(undefined)
    for (let round = 0; round < MAX_ROUNDS && ours !== undefined; round++) {
      const answer = await connection.post(
        {
          Authorization: `${handshake.scheme} ${ours.toString('base64')}`,
          'Content-Type': 'application/soap+xml;charset=UTF-8',
        },
        EMPTY,
        limits,
      )
      const theirs = tokenIn(answer, handshake.scheme)
      if (answer.status === 401 && theirs === undefined)
        throw new AuthError(
          round === 0
            ? `The server does not take ${name} here; it offers ${offeredSchemes(answer.challenges)}.`
            : `The server refused the log-in by ${name}: wrong name or password, or not allowed in from here.`,
        )
      if (answer.status === 404 || answer.status === 503)
        throw new ProtocolError(`There is no WinRM at this address (HTTP ${answer.status}).`)
      ours = await next(theirs)
      // whatever an empty request is worth to it, the server has let us in
      if (answer.status !== 401 && ours === undefined) {
        const protection = handshake.finish()
        if (!connection.isOpen()) throw new ConnectionError('The server closed the connection after the log-in.')
        return protection
      }
    }
    throw new AuthError(`The log-in by ${name} came to no end.`)
  } finally {
    // a step that was given up may still use what the handshake holds
    const dispose = () => handshake.dispose()
    void step.then(dispose, dispose)
  }
}
