import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  apiBase,
  problems,
  type ProblemCode,
  type Route,
  type RouteAnswer,
  type RouteInput,
  statusOf,
} from '@opsconductor/contract'
import { acceptWebSocket, type PeerSocket } from './websocket.ts'

type Request = { headers: IncomingHttpHeaders }
type Answerer = (input: RouteInput<Route>, request: Request) => unknown

/** Thrown by an answer to refuse. */
export class Refusal extends Error {
  readonly code: ProblemCode
  constructor(code: ProblemCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/**
 * A real HTTP and WebSocket server on a free port that speaks the contract: requests are checked by the schemas of the
 * routes a test answers, and everything else is 404.
 */
export const startPeer = async () => {
  const answers: { route: Route; answer: Answerer }[] = []
  const sockets: PeerSocket[] = []
  let onSocket: (socket: PeerSocket) => void = () => {}
  const server = createServer((request, response) => void serve(request, response))
  server.on('upgrade', (request, socket) => {
    const accepted = acceptWebSocket(request, socket)
    sockets.push(accepted)
    onSocket(accepted)
  })

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const url = new URL(request.url ?? '/', 'http://peer')
      const found = answers.flatMap(({ route, answer }) => {
        const params = route.method === request.method ? matched(route.path, url.pathname) : undefined
        return params === undefined ? [] : [{ route, answer, params }]
      })[0]
      if (found === undefined) throw new Refusal('not_found', `There is nothing at ${url.pathname}.`)
      const { route, answer, params } = found
      const input = {
        params: route.params?.parse(params) ?? params,
        query: route.query?.parse(Object.fromEntries(url.searchParams)),
        body: checkedBody(route, await textOf(request)),
      }
      const result = await answer(input, { headers: request.headers })
      response.statusCode = statusOf(route, result)
      response.setHeader('content-type', route.answer === 'bytes' ? 'text/plain' : 'application/json')
      response.end(result instanceof Uint8Array || result === undefined ? result : JSON.stringify(result))
    } catch (error) {
      refuse(response, error)
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    answer: <R extends Route>(
      route: R,
      answer: (input: RouteInput<R>, request: Request) => RouteAnswer<R> | Uint8Array | Promise<RouteAnswer<R>>,
    ) => void answers.unshift({ route, answer: answer as Answerer }),
    onSocket: (handler: (socket: PeerSocket) => void) => void (onSocket = handler),
    stop: async () => {
      for (const socket of sockets) socket.cut()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type Peer = Awaited<ReturnType<typeof startPeer>>

const matched = (path: string, pathname: string) => {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
  const values = new RegExp(`^${apiBase}${path.replace(/:\w+/g, '([^/]+)')}$`).exec(pathname)
  return values === null
    ? undefined
    : Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index + 1] ?? '')]))
}

const checkedBody = (route: Route, text: string): unknown => {
  const parsed = route.body?.safeParse(text === '' ? undefined : JSON.parse(text))
  if (parsed === undefined || parsed.success) return parsed?.data
  const fields = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw Object.assign(new Refusal('invalid', 'The request is not valid.'), { fields })
}

const textOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const refuse = (response: ServerResponse, error: unknown) => {
  const code = error instanceof Refusal ? error.code : 'internal'
  const { status, title } = problems[code]
  const detail = error instanceof Error ? error.message : String(error)
  const fields = error instanceof Error && 'fields' in error ? { fields: error.fields } : {}
  const diff = error instanceof Error && 'diff' in error ? { diff: error.diff } : {}
  response.statusCode = status
  response.setHeader('content-type', 'application/problem+json')
  response.end(
    JSON.stringify({ type: 'about:blank', title, status, code, detail, requestId: 'req-1', ...fields, ...diff }),
  )
}
