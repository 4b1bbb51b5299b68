import { Time } from '../identifiers.ts'
import { z } from '../zod.ts'

/** The taxonomy of lifecycle lines: phase, level and category; every line has one of each. */
export const LogPhase = z.enum([
  'creation',
  'target_selection',
  'authentication',
  'communication',
  'action_execution',
  'result_collection',
  'completion',
])
export type LogPhase = z.infer<typeof LogPhase>

export const LogLevel = z.enum(['debug', 'info', 'warning', 'error'])
export type LogLevel = z.infer<typeof LogLevel>

export const LogCategory = z.enum([
  'authentication',
  'communication',
  'command_execution',
  'file_transfer',
  'system',
  'user',
])
export type LogCategory = z.infer<typeof LogCategory>

export const LogLine = z.object({
  seq: z.number().int(),
  at: Time,
  branch: z.string().nullable(),
  phase: LogPhase,
  level: LogLevel,
  category: LogCategory,
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
})
export type LogLine = z.infer<typeof LogLine>
