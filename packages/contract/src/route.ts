import type { Permission } from './permissions.ts'
import type { z } from './zod.ts'

/** Who may call a route: anyone, anyone with a session, or whoever's roles hold the permission. */
export type Access = 'public' | 'signedIn' | Permission

/**
 * One route of the API, said once. The server checks and serves by it, OpenAPI is derived from it, the web UI and the
 * CLI call by it. `path` is relative to `/api/v1`. A route other than GET writes, and leaves an audit line named after
 * the route, unless it says `writes: false`.
 */
export type Route = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: `/${string}`
  summary: string
  access: Access
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** HTTP status of success. */
  status: 200 | 201 | 202 | 204
  /** The flag of the answer that says whether the work is done. While it is false the status is 202: the result comes later. */
  doneFlag?: string
  /** Shape of the answer; `'bytes'` is a stream that is not JSON; absent with 204. */
  answer?: z.ZodType | 'bytes'
  writes?: false
}

export const route = <const R extends Route>(definition: R): R => definition

type Input<S> = S extends z.ZodType ? z.input<S> : undefined
type Output<S> = S extends z.ZodType ? z.output<S> : undefined
type Present<T> = { [K in keyof T as T[K] extends undefined ? never : K]: T[K] }

/** What a caller hands in for a route: only the parts that the route has. */
export type CallInput<R extends Route> = Present<{
  params: Input<R['params']>
  query: Input<R['query']>
  body: Input<R['body']>
}>

/** What the server's side of a route receives after parsing. */
export type RouteInput<R extends Route> = Present<{
  params: Output<R['params']>
  query: Output<R['query']>
  body: Output<R['body']>
}>

/** What a route answers. */
export type RouteAnswer<R extends Route> = R['answer'] extends z.ZodType ? z.output<R['answer']> : void

/** The HTTP status that an answer has. */
export const statusOf = ({ status, doneFlag }: Route, answer: unknown): Route['status'] =>
  doneFlag !== undefined && (answer as Record<string, unknown>)[doneFlag] === false ? 202 : status

export const isWriting = (route: Route) => route.method !== 'GET' && route.writes !== false
