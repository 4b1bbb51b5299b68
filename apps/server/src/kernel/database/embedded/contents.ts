import { Client } from 'pg'

const asOwner = async (ownerUrl: string, work: (client: Client) => Promise<void>) => {
  const client = new Client({ connectionString: ownerUrl, application_name: 'opsconductor start' })
  client.on('error', () => {}) // the query under way fails too and tells
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Makes the role when it is missing and gives it the password. Repeating it changes nothing. */
export const ensureLogin = (ownerUrl: string, name: string, password: string): Promise<void> =>
  asOwner(ownerUrl, async (client) => {
    const found = await client.query('select from pg_roles where rolname = $1', [name])
    const verb = found.rowCount === 0 ? 'create' : 'alter'
    await client.query(`${verb} role ${client.escapeIdentifier(name)} login password ${client.escapeLiteral(password)}`)
  })

/** Makes the database when it is missing. */
export const ensureDatabase = (ownerUrl: string, name: string): Promise<void> =>
  asOwner(ownerUrl, async (client) => {
    const found = await client.query('select from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  })
