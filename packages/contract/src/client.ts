import { apiBase } from './api.ts'
import { Problem } from './problems.ts'
import type { CallInput, Route, RouteAnswer } from './route.ts'

/** What the server answered when it refused: the problem document, as an error. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

export type ClientOptions = {
  /** Origin of the server, without the API's base; empty in a browser, where calls are relative. */
  origin: string
  /** Headers of every call, asked for each time: the access token may be new. */
  headers?: () => Record<string, string> | Promise<Record<string, string>>
  fetch?: typeof fetch
}

export type CallOptions = { signal?: AbortSignal; headers?: Record<string, string> }

/**
 * Calls routes by the contract: `const call = createCall({ origin }); await call(api.targets.read, { params: { ref } })`.
 * Throws ProblemError for what the server refused, and the fetch error where there was no answer.
 * Answers are trusted to have their shape; a route that answers bytes gives the Response itself by `call.raw`.
 */
export const createCall = ({ origin, headers, fetch = globalThis.fetch }: ClientOptions) => {
  const raw = async (route: Route, input: LooseInput, options: CallOptions = {}) => {
    const { params, query, body } = input
    const response = await fetch(`${origin}${urlOf(route, params, query)}`, {
      method: route.method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(await headers?.()),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    if (!response.ok) throw new ProblemError(await problemOf(response))
    return response
  }
  const call = async <R extends Route>(
    route: R,
    input: CallInput<R>,
    options?: CallOptions,
  ): Promise<RouteAnswer<R>> => {
    const response = await raw(route, input, options)
    return (response.status === 204 ? undefined : await response.json()) as RouteAnswer<R>
  }
  return Object.assign(call, { raw })
}

export type Call = ReturnType<typeof createCall>

type LooseInput = { params?: unknown; query?: unknown; body?: unknown }

/** Path and query of a call, from the server's root. */
export const urlOf = (route: Route, params?: unknown, query?: unknown) => {
  const values = (params ?? {}) as Record<string, unknown>
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(values[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(
    (query ?? {}) as Record<string, string | number | boolean | null | undefined>,
  )) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  return `${apiBase}${path}${search.size > 0 ? `?${search.toString()}` : ''}`
}

const problemOf = async (response: Response): Promise<Problem> => {
  const text = await response.text()
  const parsed = Problem.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    code: 'internal',
    detail: `The server answered ${response.status} ${response.statusText}, and not in the form expected. Is a proxy in between?`,
    requestId: response.headers.get('x-request-id') ?? '',
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
