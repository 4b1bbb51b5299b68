import { Time } from '../identifiers.ts'
import { route } from '../route.ts'
import { z } from '../zod.ts'

/** A program that takes branches of a zone and runs them on targets. */
export const Executor = z.object({
  name: z.string().describe('machine and process'),
  zone: z.string(),
  slots: z.number().int().describe('branches it runs at a time'),
  running: z.number().int().describe('branches it runs now'),
  isLive: z.boolean().describe('it was heard of in the last seconds'),
  startedAt: Time,
  seenAt: Time,
})
export type Executor = z.infer<typeof Executor>

export const executors = {
  list: route({
    method: 'GET',
    path: '/executors',
    summary: 'The executors, and those that fell silent in the last day',
    access: 'executors.read',
    status: 200,
    answer: z.object({ items: z.array(Executor) }),
  }),
}
