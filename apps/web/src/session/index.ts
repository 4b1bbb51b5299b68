import { createCall, type Me, type Permission, type Problem } from '@opsconductor/contract'
import { useSyncExternalStore } from 'react'
import { createSession } from './session.ts'

export const session = createSession()

/** Calls the API as the person logged in; a token that ended on the way is renewed and the call made once more. */
export const call = createCall({
  origin: '',
  headers: async () => bearer(await session.accessToken()),
  fetch: async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 401 || !(await hasStaleToken(response))) return response
    const token = await session.renew()
    if (token === undefined) return response
    return fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...bearer(token) } })
  },
})

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

const staleCodes: readonly Problem['code'][] = ['token_expired', 'token_revoked', 'unauthenticated']

const hasStaleToken = async (response: Response) => {
  const { code } = (await response
    .clone()
    .json()
    .catch(() => ({}))) as Partial<Problem>
  return code !== undefined && staleCodes.includes(code)
}

export const useSession = () => useSyncExternalStore(session.subscribe, session.read)

/** The person logged in. Only for what is drawn inside the shell, where there is one. */
export const useMe = (): Me => {
  const state = useSession()
  if (state.status !== 'in') throw new Error('This part is only shown to somebody who is logged in.')
  return state.me
}

/** `const may = useMay(); may('targets.create')` */
export const useMay = () => {
  const state = useSession()
  return (permission: Permission) => state.status === 'in' && state.me.permissions.includes(permission)
}
