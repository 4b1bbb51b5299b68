import { randomBytes } from 'node:crypto'
import { api, type CallInput, type Route, type RouteAnswer } from '@opsconductor/contract'
import { createWinrmWire } from '@opsconductor/transports'
import type { Context } from '../src/kernel/context.ts'
import type { Exchange } from '../src/kernel/http/exchange.ts'
import { parseInput } from '../src/kernel/http/parse.ts'
import { createVault } from '../src/kernel/vault/vault.ts'
import { createAssets, type Wires } from '../src/modules/assets/index.ts'
import { type Delivery, contextOf, queueInto, wakeHere } from './context.ts'
import { cloneDatabase } from './database.ts'

/** Those that a test does not use need not be named. */
type WiresForTest = Omit<Wires, 'winrm'> & Partial<Pick<Wires, 'winrm'>>

/**
 * The assets module over a database of its own. `call` goes through the contract on the way in and out, as a request
 * does; tasks are kept in `deliveries`, and run at once when there are wires.
 */
export const openAssets = async (
  given: WiresForTest | null = null,
  { agentSockets = [] as string[], isSystemAllowed = false } = {},
) => {
  const wires = given === null ? null : { winrm: createWinrmWire(), ...given }
  const database = await cloneDatabase()
  const ctx = contextOf(database)
  const vault = createVault([{ version: 1, key: randomBytes(32) }])
  const wake = wakeHere()
  const deliveries: Delivery[] = []
  const running: Promise<void>[] = []
  const queue = queueInto((delivery) => {
    deliveries.push(delivery)
    if (wires !== null) running.push(assets.runTest(ctx, { test: String(delivery.data['test']) }))
  })
  const assets = createAssets({ vault, queue, wake, wires, logins: { agentSockets, isSystemAllowed } })

  const call = async <R extends Route>(
    route: R,
    input: Partial<CallInput<R>> & { ifRevision?: number; as?: Context },
  ): Promise<RouteAnswer<R>> => {
    const endpoint = assets.endpoints.find((endpoint) => endpoint.route === route)
    if (endpoint === undefined) throw new Error(`nothing answers ${route.method} ${route.path}`)
    const { params = {}, query = {}, body } = input as { params?: unknown; query?: unknown; body?: unknown }
    const parsed = parseInput(route, { params, query, body })
    const exchange = { ifRevision: input.ifRevision ?? null } as Exchange
    const answer = await endpoint.answer(input.as ?? ctx, parsed, exchange)
    if (route.answer !== undefined && route.answer !== 'bytes') route.answer.parse(answer)
    return answer as RouteAnswer<R>
  }

  const auditLines = () =>
    database.kysely
      .selectFrom('kernel.auditLines')
      .select(['action', 'actorName', 'subjectName', 'details'])
      .orderBy('id')
      .execute()

  return {
    ...assets,
    ctx,
    database,
    vault,
    wake,
    deliveries,
    call,
    auditLines,
    /** Adds a credential with a password. */
    addPassword: (name: string) =>
      call(api.credentials.create, {
        body: { name, type: 'password', secret: { username: 'ops', password: 'hunter22' } },
      }),
    /** Adds a target that SSH reaches at an address. */
    addTarget: (name: string, more: { host?: string; port?: number; credential?: string } = {}) =>
      call(api.targets.create, {
        body: {
          name,
          methods: [
            {
              type: 'ssh',
              config: { host: more.host ?? '192.0.2.1', ...(more.port === undefined ? {} : { port: more.port }) },
              ...(more.credential === undefined ? {} : { credential: more.credential }),
            },
          ],
        },
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(running)
      await database[Symbol.asyncDispose]()
    },
  }
}

export type OpenAssets = Awaited<ReturnType<typeof openAssets>>
