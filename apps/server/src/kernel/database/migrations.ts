import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One file of the migrations folder. */
export type Migration = { readonly name: string; readonly sql: string; readonly checksum: string }

/** A row of `kernel.migrations`. */
export type AppliedMigration = { readonly name: string; readonly checksum: string }

const fileName = /^\d{4}_[a-z0-9_]+\.sql$/

/**
 * Reads `NNNN_name.sql` files in the order of their numbers.
 *
 * @throws Error when a file has another name or two share a number
 */
export const readMigrations = async (folder: string): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  for (const [index, name] of names.entries()) {
    if (!fileName.test(name)) throw new Error(`The migration ${name} must be named like 0010_identity.sql.`)
    const previous = names[index - 1]
    if (previous?.slice(0, 4) === name.slice(0, 4)) {
      throw new Error(
        `The migrations ${previous} and ${name} have the same number; give the newer one the next free number.`,
      )
    }
  }
  return Promise.all(
    names.map(async (name) => {
      // a checkout on Windows may have turned the line ends; that is not an edit
      const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/**
 * The migrations still to run, after checking that what has run is what the files say.
 *
 * @throws Error when a migration that ran was edited, is missing, or a new one was put before it
 */
export const pendingMigrations = (files: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] => {
  const byName = new Map(files.map((file) => [file.name, file]))
  const newest = files.at(-1)?.name ?? ''
  for (const { name, checksum } of applied) {
    const file = byName.get(name)
    if (file === undefined && name > newest) {
      throw new Error(`The database is newer than this program: ${name} has run on it. Start the newer version.`)
    }
    if (file === undefined) {
      throw new Error(`The migration ${name} has run on this database, but its file is missing. Restore the file.`)
    }
    if (file.checksum !== checksum) {
      throw new Error(
        `The migration ${name} was edited after it had run. Restore it, and put the change into a new migration.`,
      )
    }
  }
  const done = new Set(applied.map(({ name }) => name))
  const last = applied.at(-1)?.name ?? ''
  const pending = files.filter(({ name }) => !done.has(name))
  const late = pending.find(({ name }) => name < last)
  if (late !== undefined) {
    throw new Error(`The migration ${late.name} comes before ${last}, which has already run. Give it a higher number.`)
  }
  return pending
}
