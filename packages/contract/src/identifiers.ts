import { z } from './zod.ts'

/** UUID of any version; ours are version 7, drawn by the application. */
export const Uuid = z.uuid().describe('UUID')

const serialOf = (kind: string) =>
  z.string().regex(new RegExp(`^${kind}-\\d{4}-\\d{6,}$`), `expected a serial such as ${kind}-2026-000001`)

export const JobSerial = serialOf('JOB')
export const TargetSerial = serialOf('TGT')

/** What a path may carry to name one thing: its UUID or its serial. */
export const Ref = z.string().trim().min(1).max(64).describe('UUID or serial')

/** An execution: its UUID, or its job's serial and its number: `JOB-2026-000001.12`. */
export const ExecutionRef = Ref.describe('UUID or <job serial>.<number>')

/** A branch in a path: `1` and `001` are the same. */
export const BranchNumber = z.coerce.number().int().min(1).max(999_999).describe('number of the branch')

/** RFC 3339 in UTC. */
export const Time = z.iso.datetime().describe('RFC 3339, UTC')

export const Name = z.string().trim().min(1).max(200)
export const Note = z.string().trim().max(4000)
export const Tag = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\s,]+$/, 'a tag has no spaces or commas')

/** A control character has no business in anything that is shown, compared or logged as one line. */
export const isOneLine = (text: string) => !/\p{Cc}/u.test(text)

/** How other things are named in an answer: enough to show it and to link to it. */
export const Reference = z.object({ uuid: Uuid, name: z.string() })
export type Reference = z.infer<typeof Reference>

export const SerialReference = Reference.extend({ serial: z.string() })
export type SerialReference = z.infer<typeof SerialReference>
