import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sweepScript } from '../src/winrm/sweep.ts'
import { collectGuarded, until, type Windows } from '../testing/index.ts'
import { startHouse } from './winrm-house.ts'

const folderOf = ({ home }: Windows): string => join(home, '.opsconductor')

/** A guard as it is after `days`. @param pid what is noted as its process */
const guard = (windows: Windows, { id, days, pid, isFile = false }: Kept): void => {
  const place = join(folderOf(windows), id)
  const note = join(isFile ? `${place}.d` : place, 'process')
  mkdirSync(dirname(note), { recursive: true })
  if (isFile) writeFileSync(place, '')
  if (pid !== undefined) writeFileSync(note, String(pid))
  const at = Date.now() / 1000 - days * 86_400
  utimesSync(place, at, at)
}
type Kept = { id: string; days: number; pid?: number; isFile?: boolean }

/** No process has this number. */
const nobody = 2 ** 22 + 1

describe.each(['winrs', 'psrp'] as const)('over %s', (transport) => {
  test('old guards go, and those of what still runs stay', async () => {
    await using house = await startHouse({}, { transport })
    const { windows } = house
    const isFile = transport === 'psrp'
    guard(windows, { id: 'old', days: 9, isFile })
    guard(windows, { id: 'ended', days: 9, pid: nobody, isFile })
    guard(windows, { id: 'running', days: 9, pid: process.pid, isFile })
    guard(windows, { id: 'young', days: 7, isFile })
    writeFileSync(join(folderOf(windows), 'not a guard.txt'), '')
    await using shell = await house.connect()
    await collectGuarded(shell, 'now', 'true')
    await until(() => !existsSync(join(folderOf(windows), 'ended')))
    await until(() => !existsSync(join(folderOf(windows), 'old')))
    const left = readdirSync(folderOf(windows)).filter((name) => !name.endsWith('.d'))
    expect(left.toSorted()).toEqual(['not a guard.txt', 'now', 'running', 'young'])
    expect(await shell.burn({ id: 'running' })).not.toEqual({ kind: 'burnt' })
  })

  test('a machine is swept once a day, however often it is logged in to', async () => {
    await using house = await startHouse({}, { transport }, { idleMs: 0 })
    guard(house.windows, { id: 'old', days: 9 })
    for (const id of ['first', 'second', 'third']) {
      await using shell = await house.connect()
      await collectGuarded(shell, id, 'true')
      if (id === 'first') await until(() => !existsSync(join(folderOf(house.windows), 'old')))
    }
    await until(() => house.wire.connections() === 0)
    // two for each, and the one that sweeps
    expect(house.windows.asked.filter((name) => name === 'Command')).toHaveLength(7)
  })
})

test('a line of cmd that runs for longer than guards are kept keeps its own', async () => {
  await using house = await startHouse()
  await using shell = await house.connect()
  const cancel = new AbortController()
  const begun = Promise.withResolvers<void>()
  const running = collectGuarded(shell, 'long', 'echo begun & sleep 600', {
    interpreter: 'cmd',
    signal: cancel.signal,
    onOutput: () => begun.resolve(),
  })
  await begun.promise
  guard(house.windows, { id: 'long', days: 9 })
  guard(house.windows, { id: 'old', days: 9 })
  await collectGuarded(shell, 'now', 'true')
  await until(() => !existsSync(join(folderOf(house.windows), 'old')))
  expect(readdirSync(folderOf(house.windows)).toSorted()).toEqual(['long', 'now'])
  cancel.abort()
  await running
})

test('where processes cannot be listed nothing is removed', () => {
  expect(sweepScript).toMatch(/^\$ErrorActionPreference='Stop'\n/)
  expect(sweepScript.indexOf('Get-CimInstance')).toBeLessThan(sweepScript.indexOf('Remove-Item'))
})
