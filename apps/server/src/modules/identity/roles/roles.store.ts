import { type Permission, type Role } from '@opsconductor/contract'
import type { Kysely, Selectable } from 'kysely'
import type { DB } from '../../../kernel/database/index.ts'

const columns = ['id', 'uuid', 'name', 'title', 'description', 'isBuiltIn', 'permissions'] as const

export type RoleRow = Pick<Selectable<DB['identity.roles']>, (typeof columns)[number]>

export const selectRoles = (db: Kysely<DB>): Promise<RoleRow[]> =>
  db.selectFrom('identity.roles').select(columns).orderBy('isBuiltIn', 'desc').orderBy('id').execute()

export const selectRolesByName = (db: Kysely<DB>, names: readonly string[]): Promise<RoleRow[]> =>
  names.length === 0
    ? Promise.resolve([])
    : db.selectFrom('identity.roles').select(columns).where('name', 'in', names).execute()

export type BuiltIn = { uuid: string; name: string; title: string; description: string; permissions: string[] }

/** Built-in roles follow the program: a new version's permissions arrive with its first start. */
export const upsertBuiltInRole = async (db: Kysely<DB>, role: BuiltIn) => {
  await db
    .insertInto('identity.roles')
    .values({ ...role, isBuiltIn: true })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ title: role.title, description: role.description, permissions: role.permissions }),
    )
    .execute()
}

export const toRole = (row: RoleRow): Role => ({
  uuid: row.uuid,
  name: row.name,
  title: row.title,
  description: row.description,
  isBuiltIn: row.isBuiltIn,
  permissions: row.permissions as Permission[],
})
