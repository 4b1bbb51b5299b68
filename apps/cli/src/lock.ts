import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'

/** Nobody holds the lock longer than this: the request made under it ends before. */
const staleAfterMs = 60_000
const giveUpAfterMs = 30_000

/**
 * Runs `work` while no other opsctl of this user does. A refresh token is good for one use, and a second use is taken
 * for theft: two commands started together must renew one after the other. The lock of a dead process is taken over.
 */
export const withLock = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  const mine = `${hostname()} ${process.pid} ${randomUUID()}`
  const until = Date.now() + giveUpAfterMs
  while (!(await take(path, mine))) {
    await removeStale(path)
    if (Date.now() > until) {
      throw new Failure('conflict', `Another opsctl holds ${path}`, { hint: 'Wait for it to end, or delete that file' })
    }
    await sleep(20 + Math.random() * 30)
  }
  try {
    return await work()
  } finally {
    if ((await contentOf(path)) === mine) await rm(path, { force: true })
  }
}

const take = async (path: string, content: string) => {
  // written aside and linked into place: nobody ever sees a lock without its owner
  const aside = `${path}.${process.pid}.${randomUUID()}`
  const file = await open(aside, 'wx', 0o600)
  try {
    await file.writeFile(content)
  } finally {
    await file.close()
  }
  try {
    await link(aside, path)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(aside, { force: true })
  }
}

const removeStale = async (path: string) => {
  const content = await contentOf(path)
  if (content === undefined || !(await isStale(path, content))) return
  const aside = `${path}.${process.pid}.${randomUUID()}`
  try {
    await rename(path, aside)
    // somebody may have taken it over between the look and the move: then it goes back, if the place is still free
    if ((await contentOf(aside)) !== content) await link(aside, path)
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

const isStale = async (path: string, content: string) => {
  const [host, pid] = content.split(' ')
  if (host === hostname() && !isAlive(Number(pid))) return true
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > staleAfterMs
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

const contentOf = async (path: string) => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

export const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code
