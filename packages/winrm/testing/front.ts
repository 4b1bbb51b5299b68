// http.sys: HTTP, log-in and message encryption in front of the service.
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Protection } from '../src/auth/authentication.ts'
import { certificate } from '../src/auth/certificate.ts'
import { openBody, sealBody, sealedContentType } from '../src/connection/sealed-body.ts'
import type { NtlmStep } from './ntlm-acceptor.ts'

/** An answer of the service; `cut` ends the connection instead. */
export type Reply = { readonly status: number; readonly body: string } | 'cut'

/** One server's half of a Negotiate handshake, on one connection. */
export type Acceptor = (token: Buffer) => NtlmStep | Promise<NtlmStep>

export type FrontOptions = {
  readonly tls: { readonly key: string; readonly cert: string; readonly ca?: string } | undefined
  /** Name and password of Basic; undefined: not offered. */
  readonly isBasicUser: ((user: string, password: string) => boolean) | undefined
  /** Whether a request may come unsealed without TLS. */
  readonly allowUnencrypted: boolean
  readonly maxRequestBytes: number
  readonly acceptor: () => Acceptor
  readonly serve: (envelope: string, connection: number) => Promise<Reply>
}

type Connection = {
  readonly number: number
  acceptor: Acceptor
  session: { readonly user: string; readonly protection: Protection } | undefined
}

const readAll = async (request: IncomingMessage, limit: number) => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= limit) chunks.push(chunk)
  }
  return length > limit ? undefined : Buffer.concat(chunks)
}

/** The numbers that tests count by. */
export type Traffic = { requests: number; connections: number; sealed: number }

export const createFront = (options: FrontOptions): { readonly server: Server; readonly traffic: Traffic } => {
  const traffic: Traffic = { requests: 0, connections: 0, sealed: 0 }
  const connections = new WeakMap<Socket, Connection>()

  const connectionOf = (socket: Socket): Connection => {
    const known = connections.get(socket)
    if (known !== undefined) return known
    const connection = { number: ++traffic.connections, acceptor: options.acceptor(), session: undefined }
    connections.set(socket, connection)
    return connection
  }

  const refuse = (response: ServerResponse) => {
    const offers = ['Negotiate', ...(options.isBasicUser === undefined ? [] : ['Basic realm="WSMAN"'])]
    response.writeHead(401, { 'WWW-Authenticate': offers, Connection: 'close', 'Content-Length': 0 }).end()
  }

  const answer = async (response: ServerResponse, connection: Connection, envelope: string, sealing?: Protection) => {
    const reply = await options.serve(envelope, connection.number)
    if (reply === 'cut') {
      response.destroy()
      return
    }
    const plain = Buffer.from(reply.body)
    const body = sealing === undefined ? plain : sealBody(sealing, plain)
    const type = sealing === undefined ? 'application/soap+xml;charset=UTF-8' : sealedContentType(sealing.protocol)
    response.writeHead(reply.status, { 'Content-Type': type, 'Content-Length': body.length }).end(body)
  }

  const negotiate = async (
    response: ServerResponse,
    connection: Connection,
    [scheme, token]: readonly [string, Buffer],
    body: Buffer,
  ) => {
    const step = await connection.acceptor(token)
    if (step.state === 'refused') {
      connection.acceptor = options.acceptor()
      return refuse(response)
    }
    const header = step.token === undefined ? {} : { 'WWW-Authenticate': `${scheme} ${step.token.toString('base64')}` }
    if (step.state === 'challenge') {
      response.writeHead(401, { ...header, 'Content-Length': 0 }).end()
      return
    }
    connection.session = step
    if (body.length === 0) response.writeHead(200, { ...header, 'Content-Length': 0 }).end()
    else await answer(response, connection, body.toString())
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    traffic.requests++
    const connection = connectionOf(request.socket)
    const body = await readAll(request, options.maxRequestBytes)
    if (body === undefined) {
      response.writeHead(413, { 'Content-Length': 0 }).end()
      return
    }
    const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ')
    if (/^(negotiate|ntlm)$/i.test(scheme)) {
      await negotiate(response, connection, [scheme, Buffer.from(credentials, 'base64')], body)
      return
    }
    if (/^basic$/i.test(scheme)) {
      const [user = '', password = ''] = Buffer.from(credentials, 'base64').toString().split(/:(.*)/s)
      if (options.isBasicUser?.(user, password) === true) await answer(response, connection, body.toString())
      else refuse(response)
      return
    }
    if (scheme === certificate.authorization && (request.socket as TLSSocket).authorized) {
      await answer(response, connection, body.toString())
      return
    }
    if (connection.session === undefined) {
      refuse(response)
      return
    }
    const { protection } = connection.session
    if (!/^multipart\/encrypted/i.test(request.headers['content-type'] ?? '')) {
      if (options.tls === undefined && !options.allowUnencrypted) refuse(response)
      else await answer(response, connection, body.toString())
      return
    }
    let envelope: string
    try {
      envelope = openBody(protection, body).toString()
    } catch {
      // sealed for another connection, or altered
      response.writeHead(400, { 'Content-Length': 0 }).end()
      return
    }
    traffic.sealed++
    await answer(response, connection, envelope, protection)
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch(() => response.destroy())
  }
  const { tls } = options
  const server =
    tls === undefined
      ? createHttp(listener)
      : createHttps({ ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false }, listener)
  return { server, traffic }
}
