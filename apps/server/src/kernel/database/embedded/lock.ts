import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { type Identity, identify, isAlive } from './identity.ts'

/**
 * Decides which process starts PostgreSQL. The lock is a row of files `<path>.1`, `<path>.2`, …; the highest number counts.
 *
 * Whoever finds the holder of the highest dead (or released) makes the next number with link(2), which only one process
 * can. The highest file is never removed, so a number is never used twice: a process that was asleep since it looked
 * cannot take a lock that others have passed on in the meantime.
 */
export type Lock = { readonly release: () => Promise<void> }

type Content = Identity & { readonly nonce: string; readonly released: boolean }

/** @returns the lock, or undefined when a live process (perhaps this one) holds it */
export const acquireLock = async (path: string): Promise<Lock | undefined> => {
  const nonce = randomUUID()
  const mine: Content = { ...(await identify(process.pid)), nonce, released: false }
  const draft = `${path}.${nonce}` // not a number: nobody takes it for a lock
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    for (;;) {
      const highest = (await numbers(path)).at(-1) ?? 0
      if (highest > 0 && (await isHeld(`${path}.${highest}`))) return undefined
      const number = highest + 1
      if (!(await tryLink(draft, `${path}.${number}`))) continue
      const now = await numbers(path)
      if (now.at(-1) !== number) {
        await rm(`${path}.${number}`, { force: true }) // we were asleep and others have gone on
        continue
      }
      for (const older of now) if (older < number) await rm(`${path}.${older}`, { force: true })
      return { release: () => release(path, number, mine) }
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Is some live process holding the lock? */
export const isLocked = async (path: string): Promise<boolean> => {
  const highest = (await numbers(path)).at(-1)
  return highest !== undefined && (await isHeld(`${path}.${highest}`))
}

const release = async (path: string, number: number, mine: Content) => {
  const draft = `${path}.${mine.nonce}`
  await writeFile(draft, JSON.stringify({ ...mine, released: true }), { mode: 0o600 })
  await rename(draft, `${path}.${number}`)
}

const numbers = async (path: string): Promise<number[]> => {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path))
  return names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
}

const isHeld = async (file: string): Promise<boolean> => {
  try {
    const content = JSON.parse(await readFile(join(file), 'utf8')) as Content
    return !content.released && (await isAlive(content))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true // passed on just now: look again later
    if (error instanceof SyntaxError) return false // the disk was full or the power failed
    throw error
  }
}

const tryLink = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
