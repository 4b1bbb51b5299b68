import { api, createCall, isFinalExecution, ProblemError, type Problem, type Execution } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'

/** A log-in over the API: a client of the contract with a token that can be renewed. */
export interface Client {
  readonly call: ReturnType<typeof createCall>
  readonly accessToken: () => string
  /** Spends the refresh token for new ones. */
  readonly renew: () => Promise<string>
  /** Ends the session. */
  readonly logOut: () => Promise<void>
}

/** Logs in. @throws ProblemError `wrong_credentials` */
export const logIn = async (origin: string, username: string, password: string): Promise<Client> => {
  let tokens = await createCall({ origin })(api.auth.login, { body: { username, password, refreshTokenIn: 'body' } })
  const call = createCall({ origin, headers: () => ({ authorization: `Bearer ${tokens.accessToken}` }) })
  return {
    call,
    accessToken: () => tokens.accessToken,
    async renew() {
      tokens = await call(api.auth.refresh, { body: { refreshToken: tokens.refreshToken } })
      return tokens.accessToken
    },
    logOut: () => call(api.auth.logout, { body: { refreshToken: tokens.refreshToken } }),
  }
}

/** The problem with which a call was refused. */
export const problemOf = async (call: Promise<unknown>): Promise<Problem> => {
  try {
    await call
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('it was not refused')
}

/** Waits until an execution has ended, or until somebody has to look at it. */
export const untilEnded = async (
  { call }: Client,
  { uuid }: { uuid: string },
  limitMs = 90_000,
): Promise<Execution> => {
  let execution: Execution | undefined
  await until(async () => {
    execution = await call(api.executions.read, { params: { ref: uuid } })
    return isFinalExecution(execution.status) || execution.needsAttention
  }, limitMs).catch(() => {
    throw new Error(`after ${limitMs} ms: ${JSON.stringify(execution)}`)
  })
  if (execution === undefined) throw new Error('no execution')
  return execution
}

/** Output of a branch of an execution as it came, byte by byte. */
export const rawOutput = async ({ call }: Client, ref: string, number = 1, stream?: 'stdout' | 'stderr') => {
  const response = await call.raw(api.executions.rawOutput, { params: { ref, number }, query: { stream } })
  return Buffer.from(await response.arrayBuffer())
}
