import { z } from '../zod.ts'

export const ServiceName = z.enum(['gateway', 'executor', 'scheduler', 'notifier'])
export type ServiceName = z.infer<typeof ServiceName>

/** `GET /health` (this process) and `GET /ready` (may it get traffic), at the root and public. */
export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  database: z.object({ status: z.enum(['ok', 'unreachable']), latencyMs: z.number().nullable() }),
  services: z.record(z.string(), z.object({ status: z.enum(['running', 'stopped']) })),
  uptimeSec: z.number(),
})
export type Health = z.infer<typeof Health>
