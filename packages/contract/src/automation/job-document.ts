import { Name, Note, Tag, isOneLine } from '../identifiers.ts'
import { z } from '../zod.ts'
import { Step } from './steps.ts'
import { Strategy } from './strategy.ts'

export const Value = z.union([z.string().max(100_000), z.number(), z.boolean()])
export type Value = z.infer<typeof Value>
export const Values = z.record(z.string(), Value)
export type Values = z.infer<typeof Values>

export const ParameterName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,59}$/, 'letters, digits and underscore, starting with a letter')

export const ParameterSpec = z
  .strictObject({
    type: z.enum(['string', 'number', 'boolean']).default('string'),
    default: Value.optional(),
    required: z.boolean().optional(),
    choices: z.array(Value).min(1).max(200).optional(),
    pattern: z.string().max(500).optional().describe('regular expression that the whole value must match'),
    secret: z.boolean().optional().describe('sealed at rest, masked in every output'),
    description: Note.optional(),
  })
  .refine(
    (spec) => !spec.secret || spec.default === undefined,
    'a secret parameter cannot have a default: it would stand in the document',
  )
export type ParameterSpec = z.infer<typeof ParameterSpec>

/** `"svc": "Spooler"` is short for a parameter with that default. */
export const Parameter = z.union([Value, ParameterSpec])

const unique = (names: string[]) => new Set(names).size === names.length

/**
 * The job document: what POST /jobs takes, what is versioned, imported and exported. `formatVersion` marks the format of
 * the document; `version` is written by the server into what it gives out and ignored in what it takes.
 */
export const JobDocument = z.strictObject({
  formatVersion: z.literal(1).optional(),
  name: Name.refine(isOneLine, 'one line'),
  version: z.number().int().optional(),
  description: Note.optional(),
  folder: z.string().trim().max(400).optional().describe('path such as web/deploy'),
  tags: z.array(Tag).max(50).optional(),
  parameters: z.record(ParameterName, Parameter).optional(),
  targets: z
    .array(z.string().trim().min(1).max(200))
    .max(10_000)
    .optional()
    .describe('targets by UUID, serial or name, where a run names none'),
  strategy: Strategy.optional(),
  timeoutSec: z
    .number()
    .int()
    .min(1)
    .max(366 * 86_400)
    .optional()
    .describe('stops the whole execution so many seconds after it began to run'),
  steps: z
    .array(Step)
    .min(1, 'a job needs at least one step')
    .max(200)
    .refine((steps) => unique(steps.flatMap((step) => step.id ?? [])), 'two steps have the same id'),
})
export type JobDocument = Omit<z.infer<typeof JobDocument>, 'steps'> & { steps: Step[] }
export type JobDocumentInput = z.input<typeof JobDocument>

/** The published JSON Schema (draft 2020-12) of a job document, for editors and other tools. */
export const jobJsonSchema = () => ({
  title: 'OpsConductor job',
  ...z.toJSONSchema(JobDocument, { io: 'input', target: 'draft-2020-12' }),
})
