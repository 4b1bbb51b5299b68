import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import {
  sshdAvailable,
  startSshd,
  type Sshd,
  typedAnswers,
  typedAnswersAvailable,
} from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addTarget, type Fleet, startFleet } from '../../../../test/fleet.ts'

describe.skipIf(!sshdAvailable('jobs over SSH, by its settings'))('a job over SSH', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-ways-'))
  let drawn = 0
  beforeAll(async () => {
    fleet = await startFleet({ settings: { SSH_CONFIG: 'none', UNREACHABLE_SEC: '2' } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const host = (): Sshd => {
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    return server
  }
  const add = (config: object, credential = 'key of host-1') =>
    fleet.admin(api.targets.create, {
      body: {
        name: `way-${++drawn}`,
        methods: [{ type: 'ssh', config: { ...host().address, ...config }, credential }],
      },
    })
  const runOn = async (name: string, mode: 'attached' | 'detached' = 'attached') => {
    const { uuid, status } = await fleet.run([{ type: 'ssh.exec', mode, command: 'echo here' }], { targets: [name] })
    return { status, text: await fleet.text(uuid), steps: await fleet.steps(uuid), log: await fleet.log(uuid) }
  }
  const logIns = (sshd: Sshd) => sshd.log().match(/Accepted publickey/g)?.length ?? 0

  describe.each(['attached', 'detached'] as const)('that is %s', (mode) => {
    test('notes that it began in the folder its method names, and nowhere else', async () => {
      const guardDirectory = join(folder, `guards of ${mode}`)
      const { name } = await add({ guardDirectory })
      expect(await runOn(name, mode)).toMatchObject({ status: 'completed', text: 'here\n' })
      const [guard = '', ...others] = readdirSync(join(guardDirectory, 'steps'))
      expect([guard, others]).toEqual([expect.stringMatching(/^[\w-]+$/), []])
      for (const place of [join(process.env['HOME'] ?? '', '.opsconductor'), '/var/tmp', '/tmp'])
        expect(existsSync(join(place, 'steps', guard))).toBe(false)
    })

    test('says which folder cannot be used, and what that means', async () => {
      const open = join(folder, `open to all, ${mode}`)
      mkdirSync(open, { mode: 0o777 })
      for (const guardDirectory of ['/proc/opsconductor', join(open, 'missing', 'guards')]) {
        const { name } = await add({ guardDirectory })
        const { log, text, steps } = await runOn(name, mode)
        expect(text).toBe('here\n')
        // whatever was planned: without a folder nothing can run on
        expect(steps).toMatchObject([{ mode: 'attached' }])
        const said = log.map(({ message }) => message).join('\n')
        expect(said).toContain(`The folder ${guardDirectory}, which the method names, cannot be used`)
        expect(said).toMatch(/without the protection against running twice/)
        expect(said).not.toContain('/var/tmp')
      }
    })
  })

  test('goes over jump hosts, and names the one where it fails', async () => {
    await using outer = await startSshd({ host: host().host })
    await using inner = await startSshd({ host: host().host })
    const { uuid } = await addTarget(fleet.app, 'outer', outer)
    const { name: between } = await fleet.admin(api.targets.create, {
      body: {
        name: 'inner',
        methods: [
          {
            type: 'ssh',
            config: { ...inner.address, jumpHosts: [uuid] },
            credential: (await addTarget(fleet.app, 'inner itself', inner)).methods[0]?.credentials[0]?.uuid ?? '',
          },
        ],
      },
    })
    const { name } = await add({ jumpHosts: [between] })
    expect(await runOn(name)).toMatchObject({ status: 'completed', text: 'here\n', steps: [{ exitCode: 0 }] })
    expect([logIns(outer), logIns(inner)]).toEqual([1, 1])
    expect(await runOn(name, 'detached')).toMatchObject({ status: 'completed', text: 'here\n' })

    await inner.stop()
    const { status, steps } = await runOn(name)
    expect(status).toBe('failed')
    expect(steps[0]).toMatchObject({ fault: 'refused', message: expect.stringContaining(`${inner.port}`) as string })
  })

  describe.skipIf(!typedAnswersAvailable('log-ins that answer questions'))('that logs in by an answer', () => {
    const answer = 'open sesame, 17'
    let asking: Sshd
    const rules = typedAnswers(answer)
    beforeAll(async () => {
      asking = await startSshd({ ...rules.options, host: '127.0.0.1' })
    })
    afterAll(async () => {
      await asking?.stop()
      rules[Symbol.dispose]()
    })

    test.each(['ssh2', 'openssh'] as const)('gives it to %s, and to nobody a wrong one', async (sshClient) => {
      const credential = async (given: string) => {
        const name = `answer ${++drawn}`
        await fleet.admin(api.credentials.create, {
          body: {
            name,
            type: 'ssh_keyboard_interactive',
            secret: { username: asking.username, answers: [{ question: 'password', answer: given }] },
          },
        })
        return name
      }
      const { name, uuid } = await add({ ...asking.address, sshClient }, await credential(answer))
      expect(await runOn(name)).toMatchObject({ status: 'completed', text: 'here\n' })
      const { methods } = await fleet.admin(api.targets.test, { params: { ref: uuid }, query: {}, body: {} })
      expect(methods[0]).toMatchObject({ isOk: true })

      const wrong = await add({ ...asking.address, sshClient }, await credential('open barley'))
      const { status, steps } = await runOn(wrong.name)
      expect([status, steps[0]?.fault]).toEqual(['failed', 'denied'])
      expect(JSON.stringify(steps)).not.toContain('barley')
    })
  })
})
