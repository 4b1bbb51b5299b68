import {
  type Route,
  allRoutes,
  apiBase,
  Problem,
  cookieRequestHeader,
  refreshCookieName,
  statusOf,
  z,
} from '@opsconductor/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { Logger } from 'pino'
import type { Actor, Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { sendBytes } from './byte-ranges.ts'
import type { Endpoint } from './endpoints.ts'
import type { Exchange } from './exchange.ts'
import { type NumericAliases, olderPathHeader } from './numeric-aliases.ts'
import { parseInput } from './parse.ts'

/** Who an access token speaks for. @throws Refusal `unauthenticated`, `token_expired` or `token_revoked` */
export type Identify = (accessToken: string) => Promise<{ actor: Actor; mustChangePassword: boolean; expiresAt: Date }>

export type Registration = {
  identify: Identify
  db: Context['db']
  log: Logger
  isHttps: boolean
  loginsPerMinute: number
  aliases: NumericAliases
}

const nobody: Actor = { kind: 'nobody', uuid: null, name: 'nobody', permissions: new Set(), session: null }
const stranger = { actor: nobody, expiresAt: new Date(0) }

/** Serves one route of the contract: who asks, what they ask, the rule, the answer. */
export const registerEndpoint = (server: FastifyInstance, { route, answer }: Endpoint, registration: Registration) => {
  server.route({
    method: route.method,
    url: `${apiBase}${route.path}`,
    schema: openApiSchema(route),
    ...limitsOf(route, registration.loginsPerMinute),
    handler: async (request, reply) => {
      const { actor, expiresAt } =
        route.access === 'public' ? stranger : await whoAsks(request, route, registration.identify)
      const isOlder = request.headers[olderPathHeader] !== undefined
      const params = isOlder ? await registration.aliases.resolve(route.path, request.params) : request.params
      const input = parseInput(route, { params, query: request.query, body: request.body })
      const exchange = exchangeOf(request, reply, registration.isHttps, expiresAt)
      const result = await answer(contextOf(request, reply, actor, registration), input, exchange)
      if (route.answer === 'bytes') return reply
      if (hasRevision(result)) reply.header('etag', `"${result.revision}"`)
      const status = statusOf(route, result)
      if (isOlder) {
        const aliased = await registration.aliases.addTo(route.path, result)
        return reply
          .code(status)
          .type('application/json; charset=utf-8')
          .serializer((value: unknown) => JSON.stringify(value))
          .send(aliased)
      }
      return reply.code(status).send(status === 204 ? null : result)
    },
  })
}

const bearerOf = (request: FastifyRequest): string | null => {
  const [scheme, token] = request.headers.authorization?.split(' ', 2) ?? []
  return scheme?.toLowerCase() === 'bearer' && token ? token : null
}

const whoAsks = async (request: FastifyRequest, route: Route, identify: Identify) => {
  const token = bearerOf(request)
  if (token === null) {
    throw new Refusal('unauthenticated', 'Send an access token: log in with POST /api/v1/auth/login.')
  }
  const { actor, mustChangePassword, expiresAt } = await identify(token)
  if (mustChangePassword && !route.path.startsWith('/auth/')) {
    throw new Refusal('password_change_required', 'Change your password first, with POST /api/v1/auth/password.')
  }
  return { actor, expiresAt }
}

const contextOf = (request: FastifyRequest, reply: FastifyReply, actor: Actor, { db, log }: Registration): Context => {
  const ended = new AbortController()
  reply.raw.once('close', () => ended.abort())
  return {
    actor,
    requestId: request.id,
    address: request.ip,
    db,
    log: log.child({ requestId: request.id, actor: actor.name }),
    signal: ended.signal,
    afterCommit: null,
  }
}

const exchangeOf = (request: FastifyRequest, reply: FastifyReply, isHttps: boolean, tokenExpiresAt: Date): Exchange => {
  const cookie = { path: `${apiBase}/auth`, httpOnly: true, sameSite: 'strict', secure: isHttps } as const
  return {
    accessToken: bearerOf(request),
    tokenExpiresAt,
    refreshCookie: request.cookies[refreshCookieName] ?? null,
    isFromOurCode: request.headers[cookieRequestHeader] !== undefined,
    setRefreshCookie: (token, maxAgeSec) =>
      void reply.setCookie(refreshCookieName, token, { ...cookie, maxAge: maxAgeSec }),
    clearRefreshCookie: () => void reply.clearCookie(refreshCookieName, cookie),
    // asked for by the routes that honour them; others do not care what stands there
    get ifRevision() {
      return revisionOf(request.headers['if-match'])
    },
    get idempotencyKey() {
      return keyOf(request.headers['idempotency-key'])
    },
    device: request.headers['user-agent']?.slice(0, 300) ?? '',
    answerBytes: (source) => sendBytes(request, reply, source),
  }
}

/** The revision that must not have changed; a condition that cannot be read must not be passed over. */
const revisionOf = (ifMatch: string | undefined): number | null => {
  if (ifMatch === undefined || ifMatch === '*') return null
  const revision = /^(?:W\/)?"?(\d{1,15})"?$/.exec(ifMatch)?.[1]
  if (revision === undefined)
    throw new Refusal('malformed', 'If-Match takes one ETag as it was answered, such as "3", or *.')
  return Number(revision)
}

const longestKey = 200

/** Cut short, two keys could be one, and the second execution would never start. */
const keyOf = (key: string | string[] | undefined): string | null => {
  if (key === undefined || key === '') return null
  if (typeof key !== 'string' || key.length > longestKey)
    throw new Refusal('malformed', `Idempotency-Key takes one key of at most ${longestKey} characters.`)
  return key
}

/** Only log-in has a tight limit, per address: guessing is slow, everything else is not. */
const limitsOf = (route: Route, loginsPerMinute: number): Pick<RouteShorthandOptions, 'config'> =>
  route.path === '/auth/login'
    ? {
        config: {
          rateLimit: {
            max: loginsPerMinute,
            timeWindow: '1 minute',
            errorResponseBuilder: (_request, { after }) =>
              new Refusal('rate_limited', `Too many log-ins from this address. Try again in ${after}.`),
          },
        },
      }
    : {}

const routeNames = new Map(allRoutes().map(({ name, route }) => [route, name]))

const openApiSchema = (route: Route) => ({
  operationId: routeNames.get(route) ?? `${route.method} ${route.path}`,
  summary: route.summary,
  tags: [route.path.split('/')[1] ?? ''],
  description: describeAccess(route),
  ...(route.access === 'public' ? {} : { security: [{ bearer: [] }] }),
  ...(route.params === undefined ? {} : { params: route.params }),
  ...(route.query === undefined ? {} : { querystring: route.query }),
  ...(route.body === undefined ? {} : { body: route.body }),
  response: answersOf(route),
})

const answersOf = ({ status, doneFlag, answer }: Route) => ({
  [status]: answer === 'bytes' ? bytes : (answer ?? nothing),
  ...(doneFlag === undefined ? {} : { 202: answer }),
  default: { description: 'A refusal.', content: { 'application/problem+json': { schema: Problem } } },
})

const bytes = { description: 'The bytes as they are.', content: { 'text/plain': { schema: z.string() } } }
const nothing = z.null().describe('Done.')

const describeAccess = ({ access }: Route) => {
  if (access === 'public') return 'Public.'
  return access === 'signedIn' ? 'Anyone with a session.' : `Needs the permission \`${access}\`.`
}

const hasRevision = (result: unknown): result is { revision: number } =>
  typeof result === 'object' && result !== null && 'revision' in result && typeof result.revision === 'number'
