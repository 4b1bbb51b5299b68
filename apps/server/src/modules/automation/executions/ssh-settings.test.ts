import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, expect, test } from 'vitest'
import { addTarget, startFleet } from '../../../../test/fleet.ts'

const folder = mkdtempSync(join(tmpdir(), 'opsconductor-ssh-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isLeftOut = !sshdAvailable('the settings of SSH')

test.skipIf(isLeftOut)('so many commands share a connection as configuration says', async () => {
  const logInsFor = async (settings: Record<string, string>) => {
    await using fleet = await startFleet({ settings })
    const [one, two] = ['one', 'two'].map((name) => join(mkdtempSync(join(folder, 'pair-')), name))
    // each needs the other one to run beside it
    const meet = (mine = '', other = '') => `touch ${mine}; until [ -e ${other} ]; do sleep 0.02; done`
    const step = (command: string) => ({ type: 'ssh.exec', command, mode: 'attached' }) as const
    const runs = await Promise.all([fleet.run([step(meet(one, two))]), fleet.run([step(meet(two, one))])])
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed'])
    expect([one, two].map((path) => existsSync(path ?? ''))).toEqual([true, true])
    return fleet.servers[0]?.log().match(/Accepted publickey/g)?.length
  }
  expect(await logInsFor({})).toBe(1)
  expect(await logInsFor({ SSH_CHANNELS_PER_CONNECTION: '1' })).toBe(2)
})

test.skipIf(isLeftOut)('so many key exchanges are made at a time as configuration says', async () => {
  const mostAtOnce = async (settings: Record<string, string>) => {
    await using fleet = await startFleet({ settings, sshd: { settings: { LogLevel: 'DEBUG1' } } })
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    const names = Array.from({ length: 6 }, (_, index) => `same machine ${index}`)
    for (const name of names) await addTarget(fleet.app, name, server)
    expect((await fleet.run(['true'], { targets: names })).counts.completed).toBe(6)
    let [now, most] = [0, 0]
    for (const [word] of server.log().matchAll(/SSH2_MSG_KEXINIT received|Accepted publickey/g)) {
      now += word.startsWith('Accepted') ? -1 : 1
      most = Math.max(most, now)
    }
    return most
  }
  expect(await mostAtOnce({ SSH_HANDSHAKES: '1' })).toBe(1)
  expect(await mostAtOnce({})).toBeGreaterThan(1)
})
