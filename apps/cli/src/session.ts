import { ProblemError, api, createCall, type Tokens } from '@opsconductor/contract'
import { defaultUrl, type Config } from './config.ts'
import { Failure, asUnreachable } from './failure.ts'
import type { Entry, SessionFile, Stored } from './session-file.ts'

/** An access token that ends sooner than this is renewed before it is used. */
const marginMs = 30_000
/** Shorter than the time after which a lock counts as forgotten. */
const refreshTimeoutMs = 20_000

export type Session = Awaited<ReturnType<typeof openSession>>

/**
 * Who we are at which server. Tokens come from OPSCONDUCTOR_TOKEN, which is never renewed, or from the session file,
 * where they are renewed by one opsctl at a time.
 */
export const openSession = async (config: Config, file: SessionFile) => {
  const url = config.url ?? (await file.read()).url ?? defaultUrl
  const origin = createCall({ origin: url })
  // another server than that of the last log-in has to be named again
  const login = config.url === undefined ? 'opsctl login' : `opsctl login --url ${url}`

  /** A token good for at least `validForMs`; a token equal to `refused` was turned down and is not offered again. */
  const accessToken = async ({ validForMs = marginMs, refused }: { validForMs?: number; refused?: string } = {}) => {
    if (config.token !== undefined) return config.token
    const isGood = (entry: Entry) => entry.accessToken !== refused && entry.expiresAtMs - Date.now() > validForMs
    const known = (await file.read()).entries[url]
    if (known === undefined) throw notLoggedIn(url, login)
    if (isGood(known)) return known.accessToken
    return file.update(async (stored) => {
      const entry = stored.entries[url]
      if (entry === undefined) throw notLoggedIn(url, login)
      // another opsctl may have renewed it while this one waited
      if (isGood(entry)) return { result: entry.accessToken }
      const renewed = await renew(entry.refreshToken)
      return renewed === undefined
        ? { stored: without(stored, url), result: undefined }
        : { stored: withTokens(stored, url, renewed, entry.refreshToken), result: renewed.accessToken }
    })
  }

  const renew = async (refreshToken: string) => {
    try {
      const signal = AbortSignal.timeout(refreshTimeoutMs)
      return await origin(api.auth.refresh, { body: { refreshToken } }, { signal, headers: clientHeaders })
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 401) return undefined
      throw asUnreachable(error, url)
    }
  }

  return {
    url,
    /** True with OPSCONDUCTOR_TOKEN: nothing can be renewed. */
    isFixed: config.token !== undefined,
    accessToken: async (options: { validForMs?: number; refused?: string } = {}) => {
      const token = await accessToken(options)
      if (token === undefined) {
        throw new Failure('denied', `Your session at ${url} has ended`, { hint: 'Log in again with: opsctl login' })
      }
      return token
    },
    /** How long the stored access token is good for, in milliseconds; unknown for a token from the environment. */
    validForMs: async () => {
      const entry = config.token === undefined ? (await file.read()).entries[url] : undefined
      return entry === undefined ? undefined : entry.expiresAtMs - Date.now()
    },
    /** Keeps the tokens of a log-in, and takes this server as the one to talk to from now on. */
    begin: (tokens: Tokens) =>
      file.update(async (stored) => ({ stored: { ...withTokens(stored, url, tokens), url }, result: undefined })),
    /** Forgets the session here and answers its refresh token, so that the server can be told. */
    end: () =>
      file.update(async (stored) => ({ stored: without(stored, url), result: stored.entries[url]?.refreshToken })),
  }
}

export const clientHeaders = { 'user-agent': 'opsctl/0.1.0' }

const notLoggedIn = (url: string, login: string) =>
  new Failure('denied', `Not logged in at ${url}`, { hint: `Log in with: ${login}` })

const withTokens = (stored: Stored, url: string, tokens: Tokens, former?: string): Stored => {
  const refreshToken = tokens.refreshToken ?? former
  if (refreshToken === undefined) throw new Failure('serverFault', 'The server gave no refresh token')
  return {
    ...stored,
    entries: {
      ...stored.entries,
      [url]: {
        username: tokens.user.username,
        refreshToken,
        accessToken: tokens.accessToken,
        expiresAtMs: Date.now() + tokens.expiresInSec * 1000,
      },
    },
  }
}

const without = (stored: Stored, url: string): Stored => ({
  ...stored,
  entries: Object.fromEntries(Object.entries(stored.entries).filter(([each]) => each !== url)),
})
