import type { MethodTest } from '@opsconductor/contract'
import { afterCommit, type Context, transaction } from '../../../kernel/context.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import type { Connections } from '../connections/connections.ts'
import { readHops } from '../targets/jump-hosts.ts'
import { toRunMethod } from '../targets/run-targets.ts'
import { findTargetById } from '../targets/targets.store.ts'
import * as store from './connection-tests.store.ts'
import { healthAfter, isAllOk } from './health.ts'
import { isTestable, probeMethod } from './probing.ts'

/** Tests a target's methods side by side and stores what was found. A test that has its result stays as it is. */
export const createTestTask =
  ({ connections, wake }: { connections: Connections; wake: Wake }) =>
  async (ctx: Context, { test: uuid }: { test: string }): Promise<void> => {
    const test = await store.findTest(ctx.db, uuid)
    if (test === undefined || test.finishedAt !== null) return
    const target = await findTargetById(ctx.db, test.targetId)
    const methods = target.methods.filter((method) =>
      test.methodUuid === null ? method.isActive : method.uuid === test.methodUuid,
    )
    const known = await readHops(ctx, methods)
    const tested = await Promise.all(
      methods.map(async (method) => ({
        result: await probeMethod(ctx, connections, {
          target,
          method: toRunMethod(target, method, known),
          purpose: 'test',
          actorName: test.requestedBy,
          signal: ctx.signal,
        }),
        isPrimary: method.isPrimary,
        isTestable: isTestable(method.type),
      })),
    )
    if (ctx.signal.aborted) return // the process stops: what was cut short is no result
    const results: MethodTest[] = tested.map(({ result }) => result)
    await transaction(ctx, async (ctx) => {
      if (!(await store.finishTest(ctx.db, test.id, isAllOk(tested), results))) return
      await store.noteHealth(ctx.db, test.targetId, healthAfter(tested))
      afterCommit(ctx, () => {
        wake.announce(topics.test(uuid))
        wake.announce(topics.list('targets'))
      })
    })
  }
