import type { Kysely } from 'kysely'
import type { DB } from '../database/index.ts'
import { type AliasedTables, findUuidByNumber, selectNumbers } from './numeric-aliases.store.ts'

/** Marks a request that came by an older path; `older-paths.ts` sets it. */
export const olderPathHeader = 'x-opsconductor-older-path'

/**
 * Clients of the older paths know things by number. A number in the path becomes the UUID before the route is entered,
 * and the answer gets an `id` beside each `uuid`. Nobody else sees these numbers.
 */
export const createNumericAliases = (db: Kysely<DB>, tables: AliasedTables) => {
  const tableOf = (routePath: string) => tables[routePath.split('/')[1] ?? '']

  return {
    /** @returns the params with a UUID in place of a number that is known */
    resolve: async (routePath: string, params: unknown): Promise<unknown> => {
      const table = tableOf(routePath)
      const { ref } = (params ?? {}) as { ref?: string }
      if (table === undefined || ref === undefined || !/^\d{1,15}$/.test(ref)) return params
      return { ...(params as object), ref: (await findUuidByNumber(db, table, Number(ref))) ?? ref }
    },

    /** Adds `id` to the thing, or to each of the list. What `POST /jobs/1/run` answers is an execution. */
    addTo: async (routePath: string, answer: unknown): Promise<unknown> => {
      const table = routePath.endsWith('/executions') ? tables['executions'] : tableOf(routePath)
      if (table === undefined || typeof answer !== 'object' || answer === null) return answer
      const isList = 'items' in answer && Array.isArray(answer.items)
      const things = (isList ? answer.items : [answer]) as { uuid?: string }[]
      const numbers = await selectNumbers(
        db,
        table,
        things.flatMap(({ uuid }) => uuid ?? []),
      )
      const numbered = things.map((thing) => ({
        ...thing,
        ...(thing.uuid === undefined ? {} : { id: numbers.get(thing.uuid) }),
      }))
      return isList ? { ...answer, items: numbered } : numbered[0]
    },
  }
}

export type NumericAliases = ReturnType<typeof createNumericAliases>
