import { sshdAvailable } from '@opsconductor/transports/testing'
import { describe, expect, test } from 'vitest'
import { startFleet } from '../../../../test/fleet.ts'

describe.skipIf(!sshdAvailable('silence'))('a command that says nothing', () => {
  test('for longer than keepalives, unused connections and leases last is waited for', async () => {
    // eight times each of them; in earnest they are 20 s, 300 s and 12 s, and the silence may be of hours
    await using fleet = await startFleet({ settings: { SSH_KEEPALIVE_SEC: '1', SSH_IDLE_SEC: '1', LEASE_SEC: '2' } })
    const ends = (['attached', 'detached'] as const).map(async (mode) => {
      const { uuid, status } = await fleet.run([{ type: 'ssh.exec', command: 'sleep 8; echo done', mode }])
      const attempts = (await fleet.steps(uuid)).map((step) => [step.mode, step.attempt, step.exitCode])
      return [status, await fleet.text(uuid), attempts]
    })
    expect(await Promise.all(ends)).toEqual([
      ['completed', 'done\n', [['attached', 1, 0]]],
      ['completed', 'done\n', [['detached', 1, 0]]],
    ])
  })
})
