import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../../../test/database.ts'
import { quiet } from '../../../test/quiet.ts'
import { openDatabase } from './connect.ts'

test('every connection of the application works as a role that owns nothing, in UTC', async () => {
  await using db = await cloneDatabase()
  const { rows } = await sql`
    select current_user as me, current_setting('timezone') as zone,
      (select count(*) from pg_class where relowner = 'opsconductor_app'::regrole) as owned`.execute(db.kysely)
  expect(rows).toEqual([{ me: 'opsconductor_app', zone: 'UTC', owned: 0 }])
})

test('options in the URL cannot choose another role', async () => {
  await using db = await cloneDatabase()
  const url = new URL(db.ownerUrl)
  url.searchParams.set('options', `-c role=${url.username} -c work_mem=5MB`)
  const database = openDatabase({ url: url.href, applicationName: 'test', log: quiet })
  try {
    const { rows } = await sql`select current_user as me, current_setting('work_mem') as memory`.execute(
      database.kysely,
    )
    expect(rows).toEqual([{ me: 'opsconductor_app', memory: '5MB' }])
  } finally {
    await database.close()
  }
})

test('the application cannot make, change or drop tables', async () => {
  await using db = await cloneDatabase()
  await db.asOwner('create schema zoo; grant usage on schema zoo to opsconductor_app; create table zoo.animals (n int)')
  await expect(sql`create table zoo.plants (n int)`.execute(db.kysely)).rejects.toThrow('permission denied')
  await expect(sql`create table plants (n int)`.execute(db.kysely)).rejects.toThrow('permission denied')
  await expect(sql`alter table zoo.animals add m int`.execute(db.kysely)).rejects.toThrow('must be owner')
  await expect(sql`drop table zoo.animals`.execute(db.kysely)).rejects.toThrow('must be owner')
  await expect(sql`truncate zoo.animals`.execute(db.kysely)).rejects.toThrow('permission denied')
  await expect(sql`update kernel.migrations set checksum = ''`.execute(db.kysely)).rejects.toThrow('permission denied')
})

test('the application may read and write a new table without a grant', async () => {
  await using db = await cloneDatabase()
  await db.asOwner(
    'create schema zoo; grant usage on schema zoo to opsconductor_app; create table zoo.animals (n serial)',
  )
  await sql`insert into zoo.animals default values`.execute(db.kysely)
  await sql`update zoo.animals set n = n + 1`.execute(db.kysely)
  expect((await sql`delete from zoo.animals returning n`.execute(db.kysely)).rows).toEqual([{ n: 2 }])
})

test('a new function is closed until it is granted', async () => {
  await using db = await cloneDatabase()
  await db.asOwner("create function kernel.secret() returns int language sql security definer as 'select 1'")
  await expect(sql`select kernel.secret()`.execute(db.kysely)).rejects.toThrow('permission denied for function')
})

test('history refuses update, delete and truncate, to the application and to the owner, in partitions too', async () => {
  await using db = await cloneDatabase()
  await db.asOwner(
    `create schema zoo; grant usage on schema zoo to opsconductor_app;
     create table zoo.births (n int, day date) partition by range (day);
     create table zoo.births_2026 partition of zoo.births for values from ('2026-01-01') to ('2027-01-01');
     select kernel.make_append_only('zoo.births');
     create table zoo.births_2027 partition of zoo.births for values from ('2027-01-01') to ('2028-01-01')`,
  )
  await sql`insert into zoo.births values (1, '2026-05-05'), (2, '2027-05-05')`.execute(db.kysely)
  for (const statement of ['update zoo.births set n = 2', 'delete from zoo.births', 'truncate zoo.births']) {
    await expect(sql.raw(statement).execute(db.kysely)).rejects.toThrow('permission denied')
    await expect(db.asOwner(statement)).rejects.toThrow(
      /births(_2026)? is history: its rows are never changed or removed/,
    )
  }
  await expect(db.asOwner('delete from zoo.births_2026')).rejects.toThrow('is history')
  await expect(db.asOwner('update zoo.births_2027 set n = 3')).rejects.toThrow('is history')
  expect((await sql`select n from zoo.births order by n`.execute(db.kysely)).rows).toEqual([{ n: 1 }, { n: 2 }])
  await db.asOwner('drop table zoo.births_2026') // retention
})
