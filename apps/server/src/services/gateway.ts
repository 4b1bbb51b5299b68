import type { AddressInfo } from 'node:net'
import { type App, version, webFolder } from '../app.ts'
import { createHttpServer } from '../kernel/http/server.ts'

export type RunningService = { stop: () => Promise<void> }

/** HTTP and WebSocket: the API, the web UI, the docs. @returns also the URL people use */
export const startGateway = async (app: App, services: readonly string[]): Promise<RunningService & { url: string }> => {
  const { config, log } = app
  const startedAt = performance.now()
  const publicUrl = new URL(config.PUBLIC_URL ?? `http://${hostForPeople(config.HOST)}:${config.PORT}`)

  const health = async () => {
    const askedAt = performance.now()
    const isReachable = await app.pool.query('select').then(
      () => true,
      () => false,
    )
    return {
      isReady: isReachable,
      body: {
        status: isReachable ? 'ok' : 'degraded',
        version,
        database: {
          status: isReachable ? 'ok' : 'unreachable',
          latencyMs: isReachable ? Math.round((performance.now() - askedAt) * 10) / 10 : null,
        },
        services: Object.fromEntries(services.map((name) => [name, { status: 'running' }])),
        uptimeSec: Math.round((performance.now() - startedAt) / 1000),
      },
    }
  }

  const server = await createHttpServer({
    version,
    publicUrl,
    trustedProxies: config.TRUSTED_PROXIES,
    log,
    db: app.db,
    endpoints: app.endpoints,
    identify: (accessToken) => app.identity.identify({ db: app.db }, accessToken),
    openSocket: app.openLive,
    webFolder,
    health,
    metrics: app.metrics,
    loginsPerMinute: config.LOGINS_PER_MINUTE,
  })
  await server.listen({ host: config.HOST, port: config.PORT })
  const { port } = server.server.address() as AddressInfo
  if (config.PUBLIC_URL === undefined) publicUrl.port = String(port)
  return { url: publicUrl.href.replace(/\/$/, ''), stop: () => server.close() }
}

/** An address that means "all" is no address to visit. */
const hostForPeople = (host: string) => {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
