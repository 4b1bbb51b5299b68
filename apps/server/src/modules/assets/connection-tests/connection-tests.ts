import { type ConnectionTest, type MethodType, methodTitles } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { type Context, permit, transaction } from '../../../kernel/context.ts'
import { notFound, Refusal } from '../../../kernel/errors.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { type Queue, queueOf } from '../../../kernel/queue/queue.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { findTarget, targetSubject } from '../targets/find-target.ts'
import * as store from './connection-tests.store.ts'
import { waitFor } from './waiting.ts'

/** One method by its UUID, or the first of a type; all active ones otherwise. */
type Wanted = { method?: string | null | undefined; type?: MethodType | undefined }

/** A request waits so long for its test; the result can be read later. */
const answerWithinMs = 30_000

export const createConnectionTests = ({ queue, wake }: { queue: Queue; wake: Wake }) => {
  const find = async (ctx: Context, uuid: string) => {
    const test = await store.findTest(ctx.db, uuid)
    if (test === undefined) throw notFound('connection test', uuid)
    return test
  }

  return {
    /** Has an executor of the target's zone test its active methods, or the one asked for. */
    start: async (ctx: Context, ref: string, { method = null, type }: Wanted): Promise<ConnectionTest> => {
      permit(ctx, 'targets.test')
      const uuid = await transaction(ctx, async (ctx) => {
        const target = await findTarget(ctx, ref)
        if (target.archivedAt !== null)
          throw new Refusal('conflict', `The target "${target.name}" is archived. Restore it first.`)
        const methodUuid = method ?? (type === undefined ? null : firstOf(target, type))
        const chosen = target.methods.filter((method) =>
          methodUuid === null ? method.isActive : method.uuid === methodUuid,
        )
        if (methodUuid !== null && chosen.length === 0) throw notFound('method', methodUuid)
        if (chosen.length === 0)
          throw new Refusal('conflict', `No method of "${target.name}" is active. Activate one first.`)
        const test = { uuid: newUuid(), targetId: target.id, methodUuid, requestedBy: ctx.actor.name }
        await store.insertTest(ctx.db, test)
        await queue.enqueue(ctx, queueOf('test', target.zone), [{ test: test.uuid }])
        await audit(ctx, 'targets.test', targetSubject(target), { test: test.uuid })
        return test.uuid
      })
      await waitFor({
        isDone: async () => (await find(ctx, uuid)).finishedAt !== null,
        hear: (heard) => wake.hear(topics.test(uuid), heard),
        withinMs: answerWithinMs,
        signal: ctx.signal,
      })
      return store.toTest(await find(ctx, uuid))
    },

    read: async (ctx: Context, ref: string, uuid: string): Promise<ConnectionTest> => {
      permit(ctx, 'targets.read')
      const target = await findTarget(ctx, ref)
      const test = await find(ctx, uuid)
      if (test.targetId !== target.id) throw notFound('connection test', uuid)
      return store.toTest(test)
    },
  }
}

/** The primary comes first. @throws Refusal `not_found` */
const firstOf = (
  target: { name: string; methods: readonly { uuid: string; type: MethodType }[] },
  type: MethodType,
) => {
  const found = target.methods.find((method) => method.type === type)
  if (found === undefined) throw new Refusal('not_found', `${target.name} has no method ${methodTitles[type]}.`)
  return found.uuid
}

export type ConnectionTests = ReturnType<typeof createConnectionTests>
