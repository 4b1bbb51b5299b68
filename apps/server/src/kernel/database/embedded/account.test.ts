import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canReach, chooseAccount } from './account.ts'

const passwd = (...names: string[]) =>
  names.map((name, index) => `${name}:x:${100 + index}:${200 + index}:::`).join('\n')
const root = { uid: 0, gid: 0 }

test('root steps down to postgres, else to nobody', () => {
  expect(chooseAccount(root, passwd('nobody', 'postgres'))).toEqual({
    name: 'postgres',
    uid: 101,
    gid: 201,
    other: true,
  })
  expect(chooseAccount(root, passwd('nobody'))).toEqual({ name: 'nobody', uid: 100, gid: 200, other: true })
  expect(() => chooseAccount(root, passwd('daemon'))).toThrow('neither an account "postgres" nor "nobody"')
})

test('an ordinary user stays who it is, also one of a directory service', () => {
  const user = { uid: 101, gid: 999 }
  expect(chooseAccount(user, passwd('postgres', 'ann'))).toEqual({ name: 'ann', ...user, other: false })
  expect(chooseAccount(user, passwd('postgres'))).toEqual({ name: 'user 101', ...user, other: false })
})

test('another account reaches a folder only when every folder on the way is open to it', async () => {
  const top = await mkdtemp(join(tmpdir(), 'reach-'))
  try {
    const stranger = { name: 'stranger', uid: 54_321, gid: 54_321, other: true }
    const deep = join(top, 'a', 'b')
    await mkdir(deep, { recursive: true })
    for (const folder of [top, join(top, 'a'), deep]) await chmod(folder, 0o711) // whatever the umask is
    expect(await canReach(stranger, deep)).toBe(true)
    await chmod(join(top, 'a'), 0o700)
    expect(await canReach(stranger, deep)).toBe(false)
    expect(await canReach({ ...stranger, other: false }, deep)).toBe(true)
  } finally {
    await rm(top, { recursive: true })
  }
})
