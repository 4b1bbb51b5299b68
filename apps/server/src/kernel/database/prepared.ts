import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg'

/** Seen this often, a statement is prepared; one that comes once is not worth its place. */
const worthAfter = 3
/** Each costs some ten kB in every connection that uses it. */
const mostStatements = 300
/** Longer ones are lists of rows, each of another length. */
const longestText = 6_000

/**
 * Chooses the statements that are prepared: PostgreSQL then parses and plans them once per connection, which is half of
 * the work of our short ones.
 */
export const createStatementNames = () => {
  const seen = new Map<string, number>()
  const names = new Map<string, string>()
  let generation = 0

  return {
    nameOf: (text: string): string | undefined => {
      const name = names.get(text)
      if (name !== undefined || names.size >= mostStatements || text.length > longestText) return name
      const times = (seen.get(text) ?? 0) + 1
      if (seen.size >= 10 * mostStatements) seen.clear()
      seen.set(text, times)
      if (times < worthAfter) return undefined
      const fresh = `oc_${generation}_${names.size}`
      seen.delete(text)
      names.set(text, fresh)
      return fresh
    },
    /** All are prepared anew, under other names: the tables have changed below them. */
    forget: () => {
      names.clear()
      generation++
    },
  }
}

export type StatementNames = ReturnType<typeof createStatementNames>

/** Runs a statement, prepared if that is worth it. */
export const queryPrepared = async <Row extends QueryResultRow>(
  client: Pick<Pool | PoolClient, 'query'>,
  names: StatementNames,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryResult<Row>> => {
  const name = isOneStatement(text, values) ? names.nameOf(text) : undefined
  try {
    return await client.query<Row>({ text, values: [...values], ...(name === undefined ? {} : { name }) })
  } catch (error) {
    if (name !== undefined && isStale(error)) names.forget()
    throw error
  }
}

/** What takes no values may be several statements, and those cannot be prepared; `begin` is not worth it. */
const isOneStatement = (text: string, values: readonly unknown[]) =>
  values.length > 0 || (text.length > 100 && !text.includes(';'))

/** A migration has changed the columns of a prepared `select *`: "cached plan must not change result type". */
const isStale = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === '0A000' && error.message.includes('cached plan')
