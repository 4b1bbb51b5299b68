import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from '@opsconductor/contract'
import { Failure } from './failure.ts'
import { isCode, withLock } from './lock.ts'

/** One log-in at one server. `expiresAtMs` is that of the access token, by this machine's clock. */
const Entry = z.object({
  username: z.string(),
  refreshToken: z.string(),
  accessToken: z.string(),
  expiresAtMs: z.number(),
})
export type Entry = z.infer<typeof Entry>

/** `url` is the server of the last log-in, used where none is named. */
const Stored = z.object({ url: z.string().nullable(), entries: z.record(z.string(), Entry) })
export type Stored = z.infer<typeof Stored>

export type SessionFile = ReturnType<typeof createSessionFile>

/** The sessions of this user, in a file that only this user can read and that is always whole. */
export const createSessionFile = (path: string) => {
  const read = async (): Promise<Stored> => {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (isCode(error, 'ENOENT')) return { url: null, entries: {} }
      throw new Failure('denied', `${path} cannot be read`, { cause: error })
    }
    try {
      return Stored.parse(JSON.parse(text))
    } catch (error) {
      throw new Failure('denied', `${path} is damaged`, { hint: 'Delete it, then: opsctl login', cause: error })
    }
  }

  const write = async (stored: Stored) => {
    const aside = `${path}.${process.pid}.${randomUUID()}`
    try {
      const file = await open(aside, 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(stored, null, 2)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(aside, path)
    } finally {
      await rm(aside, { force: true })
    }
  }

  /** Reads, changes and writes while no other opsctl does; `change` answers what to write, or nothing to leave it. */
  const update = async <T>(change: (stored: Stored) => Promise<{ stored?: Stored; result: T }>): Promise<T> => {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    } catch (error) {
      throw new Failure('usage', `${dirname(path)} cannot be made, so a session cannot be kept`, {
        hint: 'Set XDG_CONFIG_HOME to a folder that can be written, or OPSCONDUCTOR_TOKEN to an access token',
        cause: error,
      })
    }
    return withLock(`${path}.lock`, async () => {
      const { stored, result } = await change(await read())
      if (stored !== undefined) await write(stored)
      return result
    })
  }

  return { path, read, update }
}
