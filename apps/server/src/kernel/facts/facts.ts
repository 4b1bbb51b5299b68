import type { Context } from '../context.ts'
import { newUuid } from '../identifiers.ts'
import { insertFact } from './facts.store.ts'

/** Everything that can have happened and that others may want to hear of, in the past tense. */
export type FactName =
  | 'execution.queued'
  | 'execution.started'
  | 'execution.paused'
  | 'execution.continued'
  | 'execution.completed'
  | 'execution.failed'
  | 'execution.cancelled'
  | 'branch.lost'

export type Publish = (
  ctx: Context,
  name: FactName,
  subjectUuid: string,
  payload?: Record<string, unknown>,
) => Promise<void>

/** @param consumers who hears facts; each gets every fact through a row of its own */
export const createFacts =
  ({ consumers }: { consumers: readonly string[] }): Publish =>
  (ctx, name, subjectUuid, payload = {}) =>
    insertFact(ctx.db, { uuid: newUuid(), name, subjectUuid, payload }, consumers)
