import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkPlace } from '../src/posix/place.ts'
import { createSweeper, sweepText } from '../src/posix/sweep.ts'
import { collect, collectGuarded, createAccount, until, type Account } from '../testing/index.ts'

const today = 20_800
const place = checkPlace(undefined)

const sweep = async (account: Account, day = today): Promise<void> => {
  const { exit, stderr } = await collect(account.shell, sweepText(place, day))
  expect({ exit, stderr }).toEqual({ exit: { kind: 'exited', exitCode: 0 }, stderr: '' })
}

const age = (path: string, days: number): void => {
  const at = Date.now() / 1000 - days * 86_400
  utimesSync(path, at, at)
}

/** A guard as it would be after `days`. */
const guard = (account: Account, id: string, days: number, state = 'burnt'): void => {
  const file = join(account.folder, 'steps', id)
  writeFileSync(file, `${state}\n`)
  mkdirSync(`${file}.d`)
  writeFileSync(join(`${file}.d`, 'out'), 'output')
  age(file, days)
}

const visited = (account: Account, day: number, days: number): void => {
  const path = join(account.folder, 'days', String(day))
  mkdirSync(path, { recursive: true })
  age(path, days)
}

const guards = (account: Account): string[] => readdirSync(join(account.folder, 'steps')).toSorted()

/** With its folder made, as after the first guard, and nothing in it. */
const freshAccount = async (): Promise<Account> => {
  const account = await createAccount()
  mkdirSync(join(account.folder, 'steps'), { recursive: true, mode: 0o700 })
  mkdirSync(join(account.folder, 'days'), { mode: 0o700 })
  for (const path of [account.folder, join(account.folder, 'steps')]) utimesSync(path, 0, 0)
  return account
}

test('guards stay for seven days, and what still runs stays longer', async () => {
  await using account = await freshAccount()
  visited(account, today - 8, 8)
  guard(account, 'old', 9)
  guard(account, 'ended', 9, 'ended exited 0 sure 6 0 -')
  guard(account, 'running', 9, `running ${process.pid} 1 boot`)
  guard(account, 'young', 6)
  await sweep(account)
  expect(guards(account)).toEqual(['running', 'running.d', 'young', 'young.d'])
})

test('a clock that was set does not make a guard old', async () => {
  await using account = await freshAccount()
  // set forwards by nine days just now: all looks old, also what we saw last
  visited(account, today - 1, 10)
  visited(account, today - 9, 20)
  guard(account, 'fresh', 9)
  await sweep(account)
  expect(guards(account)).toEqual(['fresh', 'fresh.d'])
  // set backwards: what was seen before looks newer than all
  await using other = await freshAccount()
  visited(other, today - 9, -100)
  guard(other, 'fresh', 1)
  await sweep(other)
  expect(guards(other)).toEqual(['fresh', 'fresh.d'])
})

test('a target is swept once a day, and again when there was more than could be done at once', async () => {
  await using account = await freshAccount()
  visited(account, today - 8, 8)
  for (let index = 0; index < 700; index++) {
    writeFileSync(join(account.folder, 'steps', `old-${index}`), 'burnt\n')
    age(join(account.folder, 'steps', `old-${index}`), 9)
  }
  await sweep(account)
  expect(guards(account)).toHaveLength(200)
  await sweep(account)
  expect(guards(account)).toHaveLength(0)
  guard(account, 'old', 9)
  await sweep(account)
  expect(guards(account)).toEqual(['old', 'old.d'])
  expect(readdirSync(join(account.folder, 'days')).toSorted()).toEqual([String(today - 8), String(today)])
})

test('taking a guard sweeps at most once an hour', async () => {
  let nowMs = 0
  let asked = 0
  const sweeper = createSweeper(
    {},
    place,
    async () => {
      asked++
      throw new Error('the target does not answer')
    },
    () => nowMs,
  )
  for (nowMs = 0; nowMs < 7_200_000; nowMs += 600_000) sweeper()
  expect(asked).toBe(2)
})

test('taking a guard leaves a mark of the day', async () => {
  await using account = await createAccount()
  await collectGuarded(account.shell, 'one', 'true')
  const day = String(Math.floor(Date.now() / 86_400_000))
  await until(() => existsSync(join(account.folder, 'days', day)))
  expect(readdirSync(join(account.folder, 'days'))).toEqual([day])
})
