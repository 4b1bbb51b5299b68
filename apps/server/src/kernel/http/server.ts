import type { IncomingHttpHeaders } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastifyHelmet from '@fastify/helmet'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifyWebsocket from '@fastify/websocket'
import { apiBase, type Problem } from '@opsconductor/contract'
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { newUuid } from '../identifiers.ts'
import { createMethods } from './methods.ts'
import { answerNoRequest } from './no-request.ts'
import { type Identify, registerEndpoint } from './registration.ts'
import type { Endpoint } from './endpoints.ts'
import { readAway } from './leftover-body.ts'
import { createNumericAliases, olderPathHeader } from './numeric-aliases.ts'
import type { AliasedTables } from './numeric-aliases.store.ts'
import { currentPath } from './older-paths.ts'
import { serveOpenApi } from './openapi.ts'
import { dataPolicy } from './page-policy.ts'
import { isTooDeep } from './parse.ts'
import { loudness, problemOf } from './problem.ts'
import { type OpenSocket, serveSocket } from './socket.ts'
import { serveWebFiles } from './web-files.ts'

export type HttpOptions = {
  version: string
  /** Public URL of the gateway; https decides on HSTS and secure cookies. */
  publicUrl: URL
  /** Addresses of the proxies that may say who the caller is. */
  trustedProxies: string[]
  log: Logger
  db: Context['db']
  endpoints: readonly Endpoint[]
  identify: Identify
  openSocket: OpenSocket
  /** Folder of the built web UI. */
  webFolder: string
  health: () => Promise<{ isReady: boolean; body: object }>
  metrics: () => Promise<{ contentType: string; body: string }>
  loginsPerMinute: number
  /** What older clients know by number, by the first word of its path. */
  numericAliases: AliasedTables
}

const bodyLimitBytes = 4 * 1024 * 1024

/** Builds the gateway's HTTP server; it does not listen yet. */
export const createHttpServer = async (options: HttpOptions): Promise<FastifyInstance> => {
  const isHttps = options.publicUrl.protocol === 'https:'
  const server = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    trustProxy: options.trustedProxies.length === 0 ? false : options.trustedProxies,
    genReqId: () => newUuid(),
    rewriteUrl: toCurrentPath,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: true,
    // a URL that cannot be decoded comes by no hook and no handler
    frameworkErrors: (error, request, reply) => {
      markAnswer(request, reply)
      void sendProblem(reply, problemOf(error, request.id))
    },
    clientErrorHandler: answerNoRequest,
  }) as unknown as FastifyInstance

  // inputs are parsed by `parseInput`, which reports all mistakes at once; the schemas on the routes are for OpenAPI
  server.setValidatorCompiler(() => (data) => ({ value: data }))
  server.setSerializerCompiler(serializerCompiler)
  readJson(server)
  answerProblems(server, options.log)

  server.addHook('onSend', async (request, reply) => markAnswer(request, reply))
  await server.register(fastifyHelmet, {
    contentSecurityPolicy: false, // each answer has its own: pages with a nonce, the rest nothing at all
    strictTransportSecurity: isHttps,
    xFrameOptions: { action: 'deny' },
  })
  await server.register(fastifyCookie)
  await server.register(fastifyRateLimit, { global: false })
  await server.register(fastifyWebsocket, { options: { maxPayload: 64 * 1024 }, preClose: endSockets })
  await serveOpenApi(server, options.version)

  serveProbes(server, options)
  await server.register(async (api) => {
    const aliases = createNumericAliases(options.db, options.numericAliases)
    for (const endpoint of options.endpoints) registerEndpoint(api, endpoint, { ...options, isHttps, aliases })
    serveSocket(api, `${apiBase}/live`, options.publicUrl, options.openSocket)
  })

  const sendPage = await serveWebFiles(server, options.webFolder)
  const methodsAt = createMethods(options.endpoints.map(({ route }) => route))
  server.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (isPage(request, path)) return sendPage(request, reply)
    const methods = methodsAt(path)
    if (methods.length > 0) {
      void reply.header('allow', methods.join(', '))
      throw new Refusal('method_not_allowed', `${path} does not take ${request.method}, but ${methods.join(' and ')}.`)
    }
    throw new Refusal('not_found', `There is nothing at ${request.method} ${path}.`)
  })
  return server
}

/** Everything a browser asks for that is not the API's is a page of the web UI; the front door is one for anybody. */
const isPage = ({ method, headers }: FastifyRequest, path: string): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  !path.startsWith('/api/') &&
  (path === '/' || headers.accept?.includes('text/html') === true)

/** What every answer has; a route may have set its own. */
const markAnswer = (request: FastifyRequest, reply: FastifyReply) => {
  void reply.header('x-request-id', request.id)
  if (!reply.hasHeader('content-security-policy')) void reply.header('content-security-policy', dataPolicy)
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store')
}

const toCurrentPath = (request: { url?: string | undefined; headers: IncomingHttpHeaders }): string => {
  delete request.headers[olderPathHeader] // nobody but us says so
  const current = currentPath(request.url ?? '/', request.headers.accept)
  if (current === null) return request.url ?? '/'
  request.headers[olderPathHeader] = 'yes'
  return current
}

/** A peer that does not answer the farewell must not keep the server from stopping. */
const farewellMs = 500

function endSockets(this: FastifyInstance, done: () => void) {
  for (const client of this.websocketServer.clients) {
    client.close(1001, 'The server is stopping.')
    setTimeout(() => client.terminate(), farewellMs)
  }
  done()
}

/** JSON bodies; none at all is fine where a route does not need one. */
const readJson = (server: FastifyInstance) => {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    let value: unknown
    try {
      value = JSON.parse(body.toString())
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : ''
      return done(new Refusal('malformed', `The body is not JSON: ${reason}`, { cause }))
    }
    if (isTooDeep(value)) return done(new Refusal('malformed', 'The body is nested too deeply.'))
    return done(null, value)
  })
}

const answerProblems = (server: FastifyInstance, log: Logger) => {
  server.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error, request.id)
    const { code } = problem
    const asked = { requestId: request.id, url: request.url }
    if (problem.status >= 500) log[loudness(problem)]({ err: error, code, ...asked }, 'a request failed')
    else log.debug({ code, ...asked }, 'refused')
    if (problem.code === 'too_large') await readAway(request.raw)
    return sendProblem(reply, problem)
  })
}

/** Seconds after which what is away may be back. */
const retryAfterSec = 2

const sendProblem = (reply: FastifyReply, problem: Problem) => {
  if (problem.code === 'unavailable') void reply.header('retry-after', retryAfterSec)
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(problem)
}

/** `/health`, `/ready` and `/metrics` at the root, for machines; public. */
const serveProbes = (server: FastifyInstance, { health, metrics }: HttpOptions) => {
  server.get('/health', { schema: { hide: true } }, async () => (await health()).body)
  server.get('/ready', { schema: { hide: true } }, async (_request, reply) => {
    const { isReady, body } = await health()
    return reply.code(isReady ? 200 : 503).send(body)
  })
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { contentType, body } = await metrics()
    return reply.type(contentType).send(body)
  })
}
