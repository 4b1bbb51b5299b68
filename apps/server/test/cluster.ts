import { Client } from 'pg'

/** The PostgreSQL of this test run. The URLs name a database that is there for housekeeping. */
export type Cluster = { readonly ownerUrl: string; readonly url: string; readonly template: string }

export const withDatabase = (url: string, database: string): string => {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}

/** Runs statements as the owner, outside the databases of the tests. */
export const onServer = async <T>(
  { ownerUrl }: Pick<Cluster, 'ownerUrl'>,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
