import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'
import { startWay } from '../../../../test/way.ts'

const changed = 'has been changed since this step began'

describe.skipIf(!sshdAvailable('places that change'))('a step that was begun, and whose target is another now', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-places-'))
  let drawn = 0
  beforeAll(async () => {
    fleet = await startFleet({ settings: { UNREACHABLE_SEC: '1' } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const ssh = (config: object) => ({
    type: 'ssh' as const,
    config: { host: '127.0.0.1', ...config },
    credential: 'key of host-1',
  })
  const addTarget = (name: string, methods: ReturnType<typeof ssh>[]) =>
    fleet.admin(api.targets.create, { body: { name, methods } })
  const newWay = () => {
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    return startWay(server)
  }
  /** Says `begun`, and ends when it is told to. */
  const newWork = () => {
    const [counter, flag] = [join(folder, `counter-${++drawn}`), join(folder, `flag-${drawn}`)]
    return {
      command: `echo x >> ${counter}; echo begun; until [ -e ${flag} ]; do sleep 0.05; done; echo end; exit 5`,
      starts: () => (existsSync(counter) ? readFileSync(counter, 'utf8').split('\n').length - 1 : 0),
      end: () => writeFileSync(flag, ''),
    }
  }
  const start = async (command: string, targets: string[], target?: string) => {
    const step = {
      type: 'ssh.exec' as const,
      command,
      mode: 'detached' as const,
      ...(target === undefined ? {} : { target }),
    }
    const started = await fleet.start([step], { targets })
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    return started
  }
  const isLost = async ({ uuid }: { uuid: string }) => (await fleet.branches(uuid))[0]?.status === 'lost'
  const askAgain = async () => {
    const { rows } = await fleet.database.pool.query(
      `update automation.branches set ask_again_at = now() where status = 'lost' and ask_again_at > now() returning id`,
    )
    expect(rows).toHaveLength(1)
  }
  /** It was asked for again, in vain; then a person gives it up. */
  const staysLost = async (started: { uuid: string }) => {
    await until(async () => {
      const [branch] = await fleet.branches(started.uuid)
      return branch?.status === 'lost' && branch.message?.includes(changed) === true
    })
    expect(await fleet.steps(started.uuid)).toMatchObject([
      { status: 'unknown', message: expect.stringContaining(changed) },
    ])
    await fleet.admin(api.branches.resolve, { params: { ref: started.uuid, number: 1 }, body: { as: 'failed' } })
  }

  test('is asked for over the method it began over, though another of the same account leads there again', async () => {
    const [first, second] = [await newWay(), await newWay()]
    await addTarget('two ways', [
      ssh({ port: first.port, guardDirectory: join(folder, 'of the first') }),
      ssh({ port: second.port }),
    ])
    await first.close()
    const work = newWork()
    const started = await start(work.command, ['two ways'])
    await second.close()
    await until(() => isLost(started))
    await first.open()
    await second.open()
    work.end()
    await askAgain()
    expect(await fleet.ended(started)).toMatchObject({ status: 'failed', needsAttention: false })
    expect(await fleet.steps(started.uuid)).toMatchObject([{ status: 'failed', exitCode: 5 }])
    expect(work.starts()).toBe(1)
    await first.close()
    await second.close()
  })

  test('is unknown where the folder of its method is another', async () => {
    const way = await newWay()
    const { uuid } = await addTarget('another folder', [ssh({ port: way.port })])
    const work = newWork()
    const started = await start(work.command, ['another folder'])
    await way.close()
    await until(() => isLost(started))
    const methods = [ssh({ port: way.port, guardDirectory: join(folder, 'another') })]
    await fleet.admin(api.targets.update, { params: { ref: uuid }, body: { methods } })
    await way.open()
    work.end()
    await askAgain()
    await staysLost(started)
    expect(work.starts()).toBe(1)
    await way.close()
  })

  test('is unknown where the name that its step gives is another machine’s', async () => {
    const [server] = fleet.servers
    const way = await newWay()
    const { uuid } = await addTarget('the named', [ssh({ port: way.port })])
    const work = newWork()
    const started = await start(work.command, ['host-1'], 'the named')
    await way.close()
    await until(() => isLost(started))
    await fleet.admin(api.targets.update, { params: { ref: uuid }, body: { name: 'the former' } })
    await addTarget('the named', [ssh({ port: server?.port ?? 0, guardDirectory: join(folder, 'elsewhere') })])
    work.end()
    await askAgain()
    await staysLost(started)
    expect(work.starts()).toBe(1)
  })
})
