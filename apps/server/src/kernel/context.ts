import type { Permission } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { type DB, transact } from './database/index.ts'
import { Refusal } from './errors.ts'

/** Who asks. `uuid` is null for the system itself and for a caller without a session. */
export type Actor = {
  readonly kind: 'user' | 'system' | 'nobody'
  readonly uuid: string | null
  readonly name: string
  readonly permissions: ReadonlySet<Permission>
  readonly session: string | null
}

/** What every rule gets first: who asks, under which number, with which open transaction, until when. */
export type Context = {
  readonly actor: Actor
  readonly requestId: string
  /** Network address of the caller, where there is one. */
  readonly address: string | null
  readonly db: Kysely<DB>
  readonly log: Logger
  readonly signal: AbortSignal
  /** Inside a transaction: what is to be done once it is committed, and only then. */
  readonly afterCommit: (() => void)[] | null
}

/**
 * Runs the work in one transaction, or in the one that is open already.
 * `transaction(ctx, async (ctx) => …)` shadows the outer context so that it cannot be used by mistake.
 * What does not need each other's answers is asked for together: `await Promise.all([audit(ctx, …), publish(ctx, …)])`.
 */
export const transaction = async <T>(ctx: Context, work: (ctx: Context) => Promise<T>): Promise<T> => {
  if (ctx.afterCommit !== null) return work(ctx)
  const afterCommit: (() => void)[] = []
  const result = await transact(ctx.db, (db) => work({ ...ctx, db, afterCommit }))
  for (const act of afterCommit) act()
  return result
}

/** Does something after the open transaction has been committed; at once when there is none. */
export const afterCommit = (ctx: Context, act: () => void) => {
  if (ctx.afterCommit === null) act()
  else ctx.afterCommit.push(act)
}

/** The first line of a rule: ends here with "forbidden" unless the policy said yes. */
export const permit = (ctx: Context, permission: Permission) => {
  if (!ctx.actor.permissions.has(permission)) {
    throw new Refusal(
      'forbidden',
      `This needs the permission ${permission}. Ask an administrator for a role that has it.`,
    )
  }
}

/** The actor of what the program does on its own. */
export const system = (name: string): Actor => ({
  kind: 'system',
  uuid: null,
  name,
  permissions: new Set(),
  session: null,
})
