import { Ref, SerialReference, Time, Uuid } from '../identifiers.ts'
import { Flag, ListQuery, PageQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { ExecutionStatus } from './states.ts'
import { JobDocument, Values } from './job-document.ts'
import { Plan } from './plan.ts'

export const JobState = z.enum(['draft', 'scheduled', 'running', 'completed', 'failed', 'cancelled', 'archived'])

export const Job = z.object({
  uuid: Uuid,
  serial: z.string(),
  name: z.string(),
  description: z.string(),
  folder: z.string(),
  tags: z.array(z.string()),
  isEnabled: z.boolean(),
  version: z.number().int(),
  state: JobState.describe('derived from its executions and schedules'),
  stepCount: z.number().int(),
  lastExecution: z
    .object({ uuid: Uuid, number: z.number().int(), status: ExecutionStatus, finishedAt: Time.nullable() })
    .nullable(),
  createdBy: z.string(),
  createdAt: Time,
  updatedAt: Time,
  archivedAt: Time.nullable(),
  revision: z.number().int(),
})
export type Job = z.infer<typeof Job>

/** A job with the document of its current version. */
export const JobDetail = Job.extend({ document: JobDocument, warnings: z.array(z.string()) })
export type JobDetail = z.infer<typeof JobDetail>

export const JobVersion = z.object({
  job: SerialReference,
  version: z.number().int(),
  document: JobDocument,
  createdBy: z.string(),
  createdAt: Time,
})
export type JobVersion = z.infer<typeof JobVersion>

/** What a run is asked to be: where and with which values; both fall back to what the job says. */
export const RunRequest = z.strictObject({
  targets: z.array(z.string().trim().min(1).max(200)).min(1).max(10_000).optional().describe('UUIDs, serials or names'),
  parameters: Values.optional(),
})
export type RunRequest = z.infer<typeof RunRequest>

const params = z.object({ ref: Ref })

export const jobs = {
  list: route({
    method: 'GET',
    path: '/jobs',
    summary: 'List jobs',
    access: 'jobs.read',
    query: ListQuery.extend({
      folder: z.string().max(400).optional(),
      tag: z.string().max(60).optional(),
      archived: Flag.optional(),
      sort: z.enum(['name', '-name', 'createdAt', '-createdAt']).default('name'),
    }),
    status: 200,
    answer: pageOf(Job),
  }),
  read: route({
    method: 'GET',
    path: '/jobs/:ref',
    summary: 'One job with its document',
    access: 'jobs.read',
    params,
    status: 200,
    answer: JobDetail,
  }),
  create: route({
    method: 'POST',
    path: '/jobs',
    summary: 'Save a job document as a new job',
    access: 'jobs.create',
    body: JobDocument,
    status: 201,
    answer: JobDetail,
  }),
  replace: route({
    method: 'PUT',
    path: '/jobs/:ref',
    summary: 'Save a document as the next version; an unchanged one makes none',
    access: 'jobs.update',
    params,
    body: JobDocument,
    status: 200,
    answer: JobDetail,
  }),
  update: route({
    method: 'PATCH',
    path: '/jobs/:ref',
    summary: 'Enable or disable',
    access: 'jobs.update',
    params,
    body: z.strictObject({ isEnabled: z.boolean() }),
    status: 200,
    answer: JobDetail,
  }),
  versions: route({
    method: 'GET',
    path: '/jobs/:ref/versions',
    summary: 'All versions, newest first',
    access: 'jobs.read',
    params,
    query: PageQuery,
    status: 200,
    answer: pageOf(JobVersion),
  }),
  version: route({
    method: 'GET',
    path: '/jobs/:ref/versions/:version',
    summary: 'One version',
    access: 'jobs.read',
    params: params.extend({ version: z.coerce.number().int().min(1) }),
    status: 200,
    answer: JobVersion,
  }),
  archive: route({
    method: 'POST',
    path: '/jobs/:ref/archive',
    summary: 'Archive a job',
    access: 'jobs.archive',
    params,
    status: 200,
    answer: JobDetail,
  }),
  restore: route({
    method: 'POST',
    path: '/jobs/:ref/restore',
    summary: 'Bring an archived job back',
    access: 'jobs.archive',
    params,
    status: 200,
    answer: JobDetail,
  }),
  delete: route({
    method: 'DELETE',
    path: '/jobs/:ref',
    summary: 'The same as archive',
    access: 'jobs.archive',
    params,
    status: 200,
    answer: JobDetail,
  }),
  plan: route({
    method: 'POST',
    path: '/jobs/:ref/plan',
    summary: 'Which target would get exactly which command; nothing runs',
    access: 'executions.start',
    params,
    body: RunRequest,
    status: 200,
    answer: Plan,
    writes: false,
  }),
}
