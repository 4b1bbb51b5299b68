import type { AddressInfo } from 'node:net'
import type { Pool } from 'pg'
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
    const isReachable = await ports.pool.query('select').then(
      () => true,
      () => false,
    )
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
  await server.listen({ host: ports.host, port: ports.port })
  const { port } = server.server.address() as AddressInfo
  if (ports.publicUrl === undefined) publicUrl.port = String(port)
  return { url: publicUrl.href.replace(/\/$/, ''), stop: () => server.close() }
}

/** An address that means "all" is no address to visit. */
const hostForPeople = (host: string) => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
