import { Name, Note, Ref, Tag, Time, Uuid, isOneLine } from '../identifiers.ts'
import { Flag, ListQuery, pageOf } from '../lists.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'
import { ConnectionTest, HostKey } from './connection-tests.ts'
import { JumpHost, Method, MethodInputs, MethodType } from './methods.ts'

export const TargetType = z.enum(['system', 'api', 'database', 'email', 'web', 'network', 'other'])
export const OsType = z.enum(['linux', 'windows', 'macos', 'bsd', 'solaris', 'aix', 'hp-ux', 'other'])
export const TargetStatus = z.enum(['active', 'inactive', 'maintenance'])
export const TargetHealth = z.enum(['healthy', 'warning', 'critical', 'unknown'])

/** Offered in forms; any other word is as good. */
export const knownEnvironments = ['production', 'staging', 'development', 'testing'] as const

const Line = z.string().trim().max(200).refine(isOneLine, 'one line')
const Zone = z
  .string()
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes')

const descriptive = {
  name: Name.refine(isOneLine, 'one line'),
  description: Note,
  targetType: TargetType,
  osType: OsType,
  osVersion: Line.nullable(),
  environment: Line.nullable(),
  location: Line.nullable(),
  dataCentre: Line.nullable(),
  region: Line.nullable(),
  zone: Zone,
  tags: z.array(Tag).max(50),
  attributes: z.record(z.string().min(1).max(60), z.union([z.string().max(2000), z.number(), z.boolean()])),
  status: TargetStatus,
}

/** What a target is in an answer. What nobody may set (identifiers, health) is not in the input at all. */
export const Target = z.object({
  uuid: Uuid,
  serial: z.string(),
  ...descriptive,
  health: TargetHealth,
  methods: z.array(Method),
  jumpHosts: z.array(JumpHost).describe('the targets that its methods name as jump hosts'),
  lastTestedAt: Time.nullable(),
  createdAt: Time,
  updatedAt: Time,
  archivedAt: Time.nullable(),
  revision: z.number().int(),
})
export type Target = z.infer<typeof Target>

const optional = z.object(descriptive).partial().shape

export const NewTarget = z.strictObject({
  ...optional,
  name: descriptive.name,
  targetType: TargetType.default('system'),
  osType: OsType.default('linux'),
  zone: Zone.default('default'),
  status: TargetStatus.default('active'),
  methods: MethodInputs,
})
export type NewTarget = z.infer<typeof NewTarget>

export const TargetChange = z.strictObject({ ...optional, methods: MethodInputs.optional() })
export type TargetChange = z.infer<typeof TargetChange>

const params = z.object({ ref: Ref })
const methodParams = params.extend({ method: Uuid })

export const targets = {
  list: route({
    method: 'GET',
    path: '/targets',
    summary: 'List targets',
    access: 'targets.read',
    query: ListQuery.extend({
      targetType: TargetType.optional(),
      osType: OsType.optional(),
      environment: z.string().max(200).optional(),
      status: TargetStatus.optional(),
      health: TargetHealth.optional(),
      tag: z.string().max(60).optional(),
      archived: Flag.optional(),
      sort: z.enum(['name', '-name', 'createdAt', '-createdAt']).default('name'),
    }),
    status: 200,
    answer: pageOf(Target),
  }),
  tags: route({
    method: 'GET',
    path: '/targets/tags',
    summary: 'The tags of targets in use with how many have them, the commonest first',
    access: 'targets.read',
    query: ListQuery.omit({ cursor: true }),
    status: 200,
    answer: z.object({ items: z.array(z.object({ tag: z.string(), targets: z.number().int() })) }),
  }),
  read: route({
    method: 'GET',
    path: '/targets/:ref',
    summary: 'One target',
    access: 'targets.read',
    params,
    status: 200,
    answer: Target,
  }),
  create: route({
    method: 'POST',
    path: '/targets',
    summary: 'Add a target',
    access: 'targets.create',
    body: NewTarget,
    status: 201,
    answer: Target,
  }),
  update: route({
    method: 'PATCH',
    path: '/targets/:ref',
    summary: 'Change a target',
    access: 'targets.update',
    params,
    body: TargetChange,
    status: 200,
    answer: Target,
  }),
  replace: route({
    method: 'PUT',
    path: '/targets/:ref',
    summary: 'Replace a target',
    access: 'targets.update',
    params,
    body: NewTarget,
    status: 200,
    answer: Target,
  }),
  archive: route({
    method: 'POST',
    path: '/targets/:ref/archive',
    summary: 'Archive a target',
    access: 'targets.archive',
    params,
    status: 200,
    answer: Target,
  }),
  restore: route({
    method: 'POST',
    path: '/targets/:ref/restore',
    summary: 'Bring an archived target back',
    access: 'targets.archive',
    params,
    status: 200,
    answer: Target,
  }),
  delete: route({
    method: 'DELETE',
    path: '/targets/:ref',
    summary: 'The same as archive',
    access: 'targets.archive',
    params,
    status: 200,
    answer: Target,
  }),
  test: route({
    method: 'POST',
    path: '/targets/:ref/test',
    summary:
      'Test every active method (or one) for real; 202 when 30 s were not enough, and the result can be read later',
    access: 'targets.test',
    params,
    query: z.object({ type: MethodType.optional().describe('only the first method of this type') }),
    body: z.strictObject({ method: Uuid.optional() }).optional(),
    status: 200,
    doneFlag: 'isFinished',
    answer: ConnectionTest,
  }),
  readTest: route({
    method: 'GET',
    path: '/targets/:ref/tests/:test',
    summary: 'The result of a connection test',
    access: 'targets.read',
    params: params.extend({ test: Uuid }),
    status: 200,
    answer: ConnectionTest,
  }),
  hostKeys: route({
    method: 'GET',
    path: '/targets/:ref/host-keys',
    summary: 'The pinned host keys of a target',
    access: 'targets.read',
    params,
    status: 200,
    answer: z.object({ items: z.array(HostKey) }),
  }),
  forgetHostKeys: route({
    method: 'DELETE',
    path: '/targets/:ref/methods/:method/host-keys',
    summary: 'Forget the pinned host keys of a method: the next connection pins anew',
    access: 'targets.trust',
    params: methodParams,
    status: 204,
  }),
}
