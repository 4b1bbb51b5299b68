import {
  ProblemError,
  createCall,
  type CallInput,
  type CallOptions,
  type ProblemCode,
  type Route,
  type RouteAnswer,
} from '@opsconductor/contract'
import { asUnreachable, Failure } from './failure.ts'
import { clientHeaders, type Session } from './session.ts'

const timeoutMs = 60_000

export type Connection = ReturnType<typeof connect>

/**
 * Calls routes as whoever is logged in. A token that the server finds expired is renewed and the call made once more;
 * no answer at all becomes a Failure that says so.
 */
export const connect = (session: Session) => {
  const plain = createCall({ origin: session.url })

  const attempt = async <T>(make: (headers: Record<string, string>) => Promise<T>): Promise<T> => {
    const token = await session.accessToken()
    try {
      return await make(authorized(token))
    } catch (error) {
      if (session.isFixed && isBadToken(error)) throw badVariable(error)
      if (session.isFixed || !isExpired(error)) throw asUnreachable(error, session.url)
    }
    try {
      return await make(authorized(await session.accessToken({ refused: token })))
    } catch (error) {
      throw asUnreachable(error, session.url)
    }
  }

  const call = <R extends Route>(route: R, input: CallInput<R>, options: CallOptions = {}): Promise<RouteAnswer<R>> =>
    attempt((headers) =>
      plain(route, input, {
        signal: options.signal ?? AbortSignal.timeout(timeoutMs),
        headers: { ...headers, ...options.headers },
      }),
    )

  /** The bytes of an answer, as they come. */
  const bytes = async (route: Route, input: { params?: unknown; query?: unknown }) => {
    const response = await attempt((headers) => plain.raw(route, input, { headers }))
    return response.body
  }

  /** A call that needs nobody to be logged in. */
  const anonymously = async <R extends Route>(route: R, input: CallInput<R>, headers: Record<string, string> = {}) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      return await plain(route, input, { signal, headers: { ...clientHeaders, ...headers } })
    } catch (error) {
      throw asUnreachable(error, session.url)
    }
  }

  return { call, bytes, anonymously }
}

const authorized = (token: string) => ({ ...clientHeaders, authorization: `Bearer ${token}` })

const badTokenCodes: readonly ProblemCode[] = ['unauthenticated', 'token_expired', 'token_revoked']

const isBadToken = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && badTokenCodes.includes(error.problem.code)

/** Nobody can log in over a token that was set by hand. */
const badVariable = (error: ProblemError) =>
  new Failure('denied', error.problem.detail, {
    hint: 'It is the one in OPSCONDUCTOR_TOKEN: set a good one, or unset it and log in with: opsctl login',
    cause: error,
  })

const isExpired = (error: unknown) => error instanceof ProblemError && error.problem.code === 'token_expired'
