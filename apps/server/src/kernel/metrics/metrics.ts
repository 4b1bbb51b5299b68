import { collectDefaultMetrics, Registry } from 'prom-client'

/** The process's metrics in Prometheus' text format. */
export const createMetrics = () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'opsconductor_' })
  return {
    registry,
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
