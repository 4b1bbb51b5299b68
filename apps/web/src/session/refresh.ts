import { api, cookieRequestHeader, createCall, ProblemError, type Tokens } from '@opsconductor/contract'

/** Calls that the refresh cookie authenticates; the header proves that our own code makes them. */
export const cookieCall = createCall({ origin: '', headers: () => ({ [cookieRequestHeader]: '1' }) })

const lockName = 'opsconductor.refresh'
const attempts = 6

/**
 * Exchanges the refresh cookie for new tokens. The cookie is shared by all tabs and each token is good once, so tabs
 * take turns by a Web Lock; where another one was quicker all the same (409), its new cookie is here in a moment.
 * Throws ProblemError when there is no session to continue, and the fetch error when nobody answered.
 */
export const refresh = async (): Promise<Tokens> => {
  // an insecure origin has no Web Locks; then the 409 alone keeps the tabs apart
  if (!('locks' in navigator)) return refreshPatiently()
  return navigator.locks.request(lockName, refreshPatiently)
}

const refreshPatiently = async () => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await cookieCall(api.auth.refresh, { body: undefined })
    } catch (error) {
      const isBusy = error instanceof ProblemError && error.problem.code === 'refresh_in_progress'
      if (!isBusy || attempt === attempts) throw error
      await new Promise((resolve) => setTimeout(resolve, 150 * attempt))
    }
  }
}
