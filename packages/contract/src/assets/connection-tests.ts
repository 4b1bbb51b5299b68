import { Time, Uuid } from '../identifiers.ts'
import { z } from '../zod.ts'
import { MethodType } from './methods.ts'

/** Why a wire failed. Retry and log category follow from it, never from a text. */
export const Fault = z.enum(['unreachable', 'refused', 'denied', 'untrusted', 'timeout', 'protocol', 'cancelled'])
export type Fault = z.infer<typeof Fault>

export const ConnectPhase = z.enum(['dns', 'connect', 'host_key', 'authentication', 'command'])
export type ConnectPhase = z.infer<typeof ConnectPhase>

export const PhaseResult = z.object({
  phase: ConnectPhase,
  status: z.enum(['ok', 'failed', 'skipped']),
  durationMs: z.number(),
})
export type PhaseResult = z.infer<typeof PhaseResult>

export const MethodTest = z.object({
  method: z.object({ uuid: Uuid, name: z.string(), type: MethodType, host: z.string(), port: z.number() }),
  credential: z.string().nullable(),
  isOk: z.boolean(),
  phases: z.array(PhaseResult),
  fault: Fault.nullable(),
  message: z.string().describe('what happened, and what to do where it failed'),
  jumpHost: z
    .object({ uuid: Uuid, name: z.string(), phase: ConnectPhase.nullable() })
    .optional()
    .describe(
      'the jump host at which it failed, and the phase of connecting to that; a phase of null: it could not go on from there',
    ),
  hostKey: z.object({ algorithm: z.string(), fingerprint: z.string(), isNew: z.boolean() }).nullable(),
  system: z.string().nullable().describe('what the target says it is, e.g. Linux 6.1.0'),
})
export type MethodTest = z.infer<typeof MethodTest>

export const ConnectionTest = z.object({
  uuid: Uuid,
  target: z.object({ uuid: Uuid, serial: z.string(), name: z.string() }),
  isFinished: z.boolean(),
  isOk: z.boolean(),
  startedAt: Time,
  finishedAt: Time.nullable(),
  methods: z.array(MethodTest),
})
export type ConnectionTest = z.infer<typeof ConnectionTest>

export const HostKey = z.object({
  method: Uuid,
  host: z.string(),
  port: z.number().int(),
  algorithm: z.string(),
  fingerprint: z.string().describe('SHA256:… as ssh-keygen prints it'),
  pinnedAt: Time,
  pinnedBy: z.enum(['test', 'execution', 'import']),
})
export type HostKey = z.infer<typeof HostKey>
