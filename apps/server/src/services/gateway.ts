import type { AddressInfo } from 'node:net'
import type { Pool } from 'pg'
import { answers } from '../kernel/database/index.ts'
import { createHttpServer, type HttpOptions } from '../kernel/http/server.ts'
import type { RunningService } from './service.ts'

export type GatewayPorts = Omit<HttpOptions, 'publicUrl' | 'health'> & {
  pool: Pool
  host: string
  port: number
  publicUrl: string | undefined
  /** The services of this process, for /health. */
  services: readonly string[]
}

/** HTTP and WebSocket: the API, the web UI, the docs. @returns also the URL people use */
export const startGateway = async (ports: GatewayPorts): Promise<RunningService & { url: string }> => {
  const startedAt = performance.now()
  const publicUrl = new URL(ports.publicUrl ?? `http://${hostForPeople(ports.host)}:${ports.port}`)

  const health = async () => {
    const askedAt = performance.now()
    const isReachable = await answers(ports.pool)
    return {
      isReady: isReachable,
      body: {
        status: isReachable ? 'ok' : 'degraded',
        version: ports.version,
        database: {
          status: isReachable ? 'ok' : 'unreachable',
          latencyMs: isReachable ? Math.round((performance.now() - askedAt) * 10) / 10 : null,
        },
        services: Object.fromEntries(ports.services.map((name) => [name, { status: 'running' }])),
        uptimeSec: Math.round((performance.now() - startedAt) / 1000),
      },
    }
  }

  const server = await createHttpServer({ ...ports, publicUrl, health })
  await server.listen({ host: ports.host, port: ports.port }).catch((cause: unknown) => {
    throw new Error(whyNotListening(cause, ports.host, ports.port), { cause })
  })
  const { port } = server.server.address() as AddressInfo
  if (ports.publicUrl === undefined) publicUrl.port = String(port)
  return { url: publicUrl.href.replace(/\/$/, ''), stop: () => server.close() }
}

/** An address that means "all" is no address to visit. */
const hostForPeople = (host: string) => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** What whoever started it can do about it. */
const whyNotListening = (cause: unknown, host: string, port: number): string => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken, perhaps by another OpsConductor. Choose another: OPSCONDUCTOR_PORT=${port + 1}, or 0 for any free one.`
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one from 1024 on with OPSCONDUCTOR_PORT.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `OPSCONDUCTOR_HOST is ${host}, which is no address of this machine. 127.0.0.1 is this machine only, 0.0.0.0 every network.`
    default:
      return `The gateway cannot listen on ${host}, port ${port}.`
  }
}
