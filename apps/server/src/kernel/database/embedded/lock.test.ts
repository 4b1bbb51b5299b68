import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identify } from './identity.ts'
import { acquireLock, isLocked } from './lock.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  path = join(folder, 'postgres.lock')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

const leaveBehind = (number: number, content: object) => writeFile(`${path}.${number}`, JSON.stringify(content))

test('of many that ask at once, one gets the lock', async () => {
  const locks = await Promise.all(Array.from({ length: 20 }, () => acquireLock(path)))
  expect(locks.filter((lock) => lock !== undefined)).toHaveLength(1)
  expect(await isLocked(path)).toBe(true)
  expect(await acquireLock(path)).toBeUndefined()
})

test('a lock that was let go is free, and only its last file remains', async () => {
  for (let round = 1; round <= 3; round++) {
    const lock = await acquireLock(path)
    expect(await isLocked(path)).toBe(true)
    await lock?.release()
    expect(await isLocked(path)).toBe(false)
  }
  expect(await readdir(folder)).toEqual(['postgres.lock.3'])
})

test('the lock of a dead process goes to one of those who ask', async () => {
  await leaveBehind(7, { pid: 2 ** 22 + 1, startedAt: 'never', nonce: 'x', released: false })
  expect(await isLocked(path)).toBe(false)
  const locks = await Promise.all(Array.from({ length: 20 }, () => acquireLock(path)))
  expect(locks.filter((lock) => lock !== undefined)).toHaveLength(1)
  expect(await readdir(folder)).toEqual(['postgres.lock.8'])
})

test.skipIf(process.platform === 'win32')(
  'a process that got the number of a dead one does not hold its lock',
  async () => {
    const self = await identify(process.pid)
    await leaveBehind(1, { ...self, nonce: 'x', released: false })
    expect(await isLocked(path)).toBe(true)
    await leaveBehind(1, { ...self, startedAt: `${self.startedAt}, another time`, nonce: 'x', released: false })
    expect(await isLocked(path)).toBe(false)
    expect(await acquireLock(path)).toBeDefined()
  },
)

test('a lock file that was never written whole holds nothing', async () => {
  await writeFile(`${path}.1`, '{"pid": 1')
  expect(await acquireLock(path)).toBeDefined()
})
