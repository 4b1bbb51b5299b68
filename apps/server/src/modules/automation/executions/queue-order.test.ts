import { existsSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startLocalHosts } from '../../../../test/local-hosts.ts'
import { until } from '../../../../test/until.ts'

test('branches of an execution with a higher priority go before those that wait for an executor already', async () => {
  await using fleet = await startLocalHosts({ hosts: 3, settings: { EXECUTOR_SLOTS: '1' } })
  const [flag, file] = [fleet.fresh(), fleet.fresh()]
  const holds = await fleet.start({
    command: `touch ${flag}.began; until [ -e ${flag} ]; do sleep 0.02; done`,
    targets: ['host-1'],
  })
  await until(() => existsSync(`${flag}.began`))
  const { serial } = await fleet.addJob({ command: `echo {{ execution.number }} >> ${file}` })
  const usual = await fleet.startJob(serial)
  const later = await fleet.startJob(serial, { priority: -5 })
  const urgent = await fleet.startJob(serial, { priority: 10 })
  for (const { uuid } of [usual, later, urgent]) await until(async () => (await fleet.read(uuid)).counts.queued === 3)
  writeFileSync(flag, '')
  for (const started of [holds, usual, later, urgent])
    expect((await fleet.ended(started, 60_000)).status).toBe('completed')
  const order = [urgent, usual, later].flatMap(({ number }) => [number, number, number]).map(String)
  expect(fleet.linesIn(file)).toEqual(order)
})
