import {
  api,
  type CallInput,
  type CallOptions,
  createCall,
  type Me,
  ProblemError,
  type ProblemCode,
  type Route,
  type RouteAnswer,
} from '@opsconductor/contract'

/** Calls by the contract as one user; every answer is held against its schema. */
export type Client = {
  <R extends Route>(route: R, input: CallInput<R>, options?: CallOptions): Promise<RouteAnswer<R>>
  /** The answer as it came. @throws ProblemError where it is a refusal */
  readonly raw: (route: Route, input: object, options?: CallOptions) => Promise<Response>
  readonly accessToken: string
  readonly me: Me
}

/** A client that logged in with user name and password. @throws ProblemError */
export const logIn = async (origin: string, username: string, password: string): Promise<Client> => {
  const { accessToken, user } = await createCall({ origin })(api.auth.login, { body: { username, password } })
  return clientWith(origin, accessToken, user)
}

const clientWith = (origin: string, accessToken: string, me: Me): Client => {
  const call = createCall({ origin, headers: () => ({ authorization: `Bearer ${accessToken}` }) })
  const checked = async <R extends Route>(route: R, input: CallInput<R>, options?: CallOptions) =>
    checkedAnswer(route, await call(route, input, options))
  return Object.assign(checked, { raw: call.raw, accessToken, me })
}

/** The answer, when it has the shape that the contract promises. */
export const checkedAnswer = <R extends Route>(route: R, answer: RouteAnswer<R>): RouteAnswer<R> => {
  if (route.answer === undefined || route.answer === 'bytes') return answer
  const parsed = route.answer.safeParse(answer)
  if (!parsed.success) throw new Error(`${route.method} ${route.path} breaks its contract: ${parsed.error.message}`)
  return answer
}

/** The problem with which something is refused. @throws Error when it is not refused, or in another way */
export const refusal = async (asked: Promise<unknown>): Promise<ProblemError['problem']> => {
  try {
    await asked
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('It was not refused.')
}

/** Only the code of it. */
export const refusalCode = async (asked: Promise<unknown>): Promise<ProblemCode> => (await refusal(asked)).code
