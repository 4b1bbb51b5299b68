import { Execution } from '../automation/executions.ts'
import { Time, Uuid } from '../identifiers.ts'
import { ListQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'

const count = z.number().int()

export const Dashboard = z.object({
  targets: z.object({ total: count, healthy: count, warning: count, critical: count, unknown: count }),
  jobs: count,
  credentials: count,
  executions: z.object({
    queued: count,
    running: count,
    completedToday: count,
    failedToday: count,
    needingAttention: count,
  }),
  recent: z.array(Execution),
})
export type Dashboard = z.infer<typeof Dashboard>

export const dashboard = {
  read: route({
    method: 'GET',
    path: '/dashboard',
    summary: 'Counts and recent executions',
    access: 'executions.read',
    status: 200,
    answer: Dashboard,
  }),
}

export const AuditLine = z.object({
  uuid: Uuid,
  at: Time,
  actor: z.string(),
  action: z.string(),
  subject: z.object({ kind: z.string(), uuid: Uuid.nullable(), name: z.string() }).nullable(),
  requestId: z.string(),
  address: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
})
export type AuditLine = z.infer<typeof AuditLine>

export const auditTrail = {
  list: route({
    method: 'GET',
    path: '/audit',
    summary: 'The audit trail, newest first',
    access: 'audit.read',
    query: ListQuery.extend({ action: z.string().max(100).optional(), actor: z.string().max(200).optional() }),
    status: 200,
    answer: pageOf(AuditLine),
  }),
}
