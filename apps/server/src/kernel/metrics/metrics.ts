import { collectDefaultMetrics, Registry } from 'prom-client'

/** The process's metrics in Prometheus' text format, and what is measured elsewhere behind them. */
export const createMetrics = () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'opsconductor_' })
  return {
    registry,
    render: async (more: string) => ({ contentType: registry.contentType, body: (await registry.metrics()) + more }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
