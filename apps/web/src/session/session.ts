import { api, ProblemError, type Me, type Tokens } from '@opsconductor/contract'
import { cookieCall, refresh } from './refresh.ts'

export type SessionState =
  | { status: 'starting' }
  | { status: 'in'; me: Me }
  /** There was no session; it has ended by itself or was revoked; the person has logged out. */
  | { status: 'out'; why: 'none' | 'ended' | 'left' }

/** Renewed this long before its end, so that a call on its way is not caught by it. */
const renewBeforeMs = 45_000
/**
 * Only says that a cookie may be there, so that a first visit need not ask for a session that cannot exist. The browser
 * tells the other tabs when it comes and goes: that is how they log in and out together.
 */
const hintKey = 'opsconductor.session'

/**
 * The session of this tab. The access token stays in memory; the refresh token is a cookie that no code can read. All
 * tabs log out together.
 */
export const createSession = () => {
  let state: SessionState = { status: 'starting' }
  let token: { value: string; endsAtMs: number } | undefined
  let refreshing: Promise<string | undefined> | undefined
  const listeners = new Set<() => void>()

  const become = (next: SessionState) => {
    state = next
    for (const listener of listeners) listener()
  }
  const enter = (tokens: Tokens) => {
    token = { value: tokens.accessToken, endsAtMs: performance.now() + tokens.expiresInSec * 1000 }
    localStorage.setItem(hintKey, '1')
    become({ status: 'in', me: tokens.user })
    return token.value
  }
  const leave = (why: 'none' | 'ended' | 'left') => {
    token = undefined
    localStorage.removeItem(hintKey)
    become({ status: 'out', why })
  }

  const renew = () => {
    refreshing ??= refresh()
      .then(enter)
      .catch((error: unknown) => {
        // no answer is not a no: the session may well be there when the server is back
        if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error
        leave(state.status === 'in' ? 'ended' : 'none')
        return undefined
      })
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }

  window.addEventListener('storage', ({ key, newValue }) => {
    if (key !== hintKey) return
    if (newValue === null && state.status === 'in') leave('left')
    if (newValue !== null && state.status === 'out') renew().catch(() => undefined)
  })

  return {
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** Continues the session that the cookie stands for, if any. Throws when the server does not answer. */
    start: async () => {
      if (state.status !== 'starting') return state
      if (localStorage.getItem(hintKey) === null) leave('none')
      else await renew()
      return state
    },
    /** The access token, renewed when its end is near; undefined when logged out. */
    accessToken: async () => {
      if (state.status === 'out') return undefined
      if (token !== undefined && token.endsAtMs - performance.now() > renewBeforeMs) return token.value
      return renew()
    },
    /** Milliseconds until the access token should be renewed. */
    renewInMs: () => Math.max(0, (token?.endsAtMs ?? 0) - performance.now() - renewBeforeMs),
    renew,
    logIn: async (username: string, password: string) => {
      enter(await cookieCall(api.auth.login, { body: { username, password, refreshTokenIn: 'cookie' } }))
    },
    logOut: async () => {
      try {
        await cookieCall(api.auth.logout, { body: undefined })
      } finally {
        leave('left')
      }
    },
    /** What the server now says about the person: after a change of the profile. */
    update: (me: Me) => become({ status: 'in', me }),
  }
}

export type Session = ReturnType<typeof createSession>
