import { sshdAvailable } from '@opsconductor/transports/testing'
import { describe, expect, test } from 'vitest'
import { cloneFrom } from '../database.ts'
import { addTarget, startFleet } from '../fleet.ts'
import { startScratchServer } from '../scratch.ts'
import { startExecutorProcess } from '../service-process.ts'
import { createTemplate } from '../template.ts'
import { until } from '../until.ts'

const branches = 10

describe.skipIf(!sshdAvailable('takeover'))('with the durations that a site has', () => {
  test('the branches of a killed executor are in other hands within 15 seconds', async () => {
    const postgres = await startScratchServer()
    const database = await cloneFrom(await createTemplate(postgres))
    const fleet = await startFleet({ services: ['gateway', 'scheduler'], database })
    try {
      const [server] = fleet.servers
      if (server === undefined) throw new Error('no server')
      const names = Array.from({ length: branches }, (_, index) => `held-${index + 1}`)
      for (const name of names) await addTarget(fleet.app, name, server)
      await using first = await startExecutorProcess(fleet.app)
      const started = await fleet.start([{ type: 'ssh.exec', mode: 'detached', command: 'echo begun; sleep 25' }], {
        targets: names,
      })
      await until(async () => (await fleet.steps(started.uuid)).length > 0)
      const hands = async () => (await fleet.branches(started.uuid)).map(({ attempt }) => attempt)
      await until(async () => (await fleet.read(started.uuid)).counts.running === branches, 60_000)
      await using _second = await startExecutorProcess(fleet.app)
      const killedAt = performance.now()
      first.kill('SIGKILL')
      await until(async () => (await hands()).every((attempt) => attempt === 2), 30_000)
      expect(performance.now() - killedAt).toBeLessThan(15_000)
      await fleet.ended(started, 60_000)
    } finally {
      await fleet[Symbol.asyncDispose]()
      await postgres.stop()
    }
  }, 180_000)
})
