import type { Client } from 'pg'

/** The group role every connection of the application works as. It owns nothing and cannot log in. */
export const applicationRole = 'opsconductor_app'

/**
 * Makes the application's role when it is missing, and makes sure that the owner (for the one-URL set-up) and the
 * application's own log-in role (for the two-URL set-up) may step into it.
 *
 * @param client a connection as the owner
 * @param applicationLogin the user name of the application's URL; the same as the owner's when there is one URL
 */
export const ensureApplicationRole = async (client: Client, applicationLogin: string): Promise<void> => {
  // Roles belong to the whole cluster while advisory locks belong to one database: two databases that migrate at once
  // meet here, and the loser of the race sees its work done when it looks again.
  for (let attempt = 1; ; attempt++) {
    try {
      await createRole(client)
      await admit(client, applicationLogin)
      return
    } catch (error) {
      if (attempt === 10 || !isRace(error)) throw explain(error, applicationLogin)
    }
  }
}

const createRole = async (client: Client) => {
  const found = await client.query('select from pg_roles where rolname = $1', [applicationRole])
  if (found.rowCount === 0) await client.query(`create role ${applicationRole} nologin`)
}

const admit = async (client: Client, applicationLogin: string) => {
  const session = await client.query<{ owner: string }>('select current_user as owner')
  const owner = session.rows[0]?.owner ?? applicationLogin
  for (const member of new Set([owner, applicationLogin])) {
    if (await maySetRole(client, member)) continue
    await client.query(`grant ${applicationRole} to ${client.escapeIdentifier(member)}`)
  }
}

const maySetRole = async (client: Client, member: string): Promise<boolean> => {
  // since PostgreSQL 16 being a member and being allowed to `set role` are two things
  const answer = await client.query<{ may: boolean }>(
    `select pg_has_role(oid, $2, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as may
       from pg_roles where rolname = $1`,
    [member, applicationRole],
  )
  const row = answer.rows[0]
  if (row === undefined) throw new Error(`The database has no role "${member}" for the application to log in as.`)
  return row.may
}

const isRace = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  // duplicate_object, unique_violation, and "tuple concurrently updated"
  (error.code === '42710' || error.code === '23505' || error.code === 'XX000')

const explain = (cause: unknown, applicationLogin: string) =>
  cause instanceof Error && 'code' in cause && cause.code === '42501'
    ? new Error(
        `The owner of the database may not manage the role ${applicationRole}. Give it CREATEROLE, or run once as a superuser: ` +
          `create role ${applicationRole} nologin; grant ${applicationRole} to <owner>, "${applicationLogin}";`,
        { cause },
      )
    : cause
