import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api, isFinalExecution } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'
import { longSleep } from '../kit/leftovers.ts'
import { openOpsctl, type Opsctl, type Said } from '../kit/opsctl.ts'

export const opsctl = (inhabited: Inhabited) =>
  describe('opsctl', () => {
    let somebody: Opsctl
    beforeAll(async () => {
      somebody = await openOpsctl(inhabited.house().url)
    })
    afterAll(() => somebody[Symbol.asyncDispose]())

    const opsctl = (...args: string[]) => somebody.run(args)
    const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await opsctl('--json', ...args)).stdout) as T
    const file = async (name: string, content: string) => {
      const path = join(somebody.folder, name)
      await writeFile(path, content, { mode: 0o600 })
      return path
    }
    const expectDone = ({ code, stderr }: Said) => expect(code === 0 || stderr).toBe(true)

    test('logs in with a password from a file, and refuses a wrong one with exit code 3', async () => {
      await inhabited.admin()
      const stranger = await opsctl('targets', 'list')
      expect(stranger).toMatchObject({ code: 3, stdout: '' })
      expect(stranger.stderr).toContain('opsctl login')
      const wrong = await file('wrong', 'not the password')
      expect(await opsctl('login', '--username', 'admin', '--password-file', wrong)).toMatchObject({ code: 3 })
      const right = await file('right', `${chosenPassword}\n`)
      const said = await opsctl('login', '--username', 'admin', '--password-file', right)
      expectDone(said)
      expect(said.stdout).toContain('as admin')
    })

    test('adds a target, lists it and tests it', async () => {
      const [machine] = inhabited.machines().all
      await inhabited.targets()
      const where = ['--host', machine?.host ?? '', '--port', String(machine?.port), '--credential', 'machine key']
      const made = await json<{ serial: string }>('targets', 'create', 'by-opsctl', ...where)
      const { items } = await json<{ items: { name: string; serial: string }[] }>('targets', 'list')
      expect(items.find(({ name }) => name === 'by-opsctl')?.serial).toBe(made.serial)
      const tested = await opsctl('targets', 'test', 'by-opsctl')
      expect(tested.stdout).toContain('authentication')
      expect(tested.code).toBe(0)
    })

    test('applies a document: created, then unchanged, then version 2', async () => {
      const greeting = (step: string) =>
        `name: greeting\nparameters:\n  who: world\nsteps:\n  - type: ssh.exec\n    command: ${step}\n`
      const path = await file('greeting.yaml', greeting('echo hello {{ who }}'))
      expect((await opsctl('jobs', 'apply', '-f', path)).stdout).toContain('created')
      expect((await opsctl('jobs', 'apply', '-f', path)).stdout).toContain('unchanged')
      await file('greeting.yaml', greeting('echo good morning {{ who }}'))
      expect((await opsctl('jobs', 'apply', '-f', path)).stdout).toContain('version 2')
    })

    test('runs a job and follows it: its output, and exit code 0', async () => {
      const said = await opsctl('jobs', 'run', 'greeting', '-t', 'by-opsctl', '-p', "who=Anna's cat", '--follow')
      expect(said).toMatchObject({ code: 0, stdout: "good morning Anna's cat\n" })
    })

    test('a job that fails ends it with the documented code 1, and says where and why', async () => {
      const path = await file('failing.yaml', 'name: failing\nsteps:\n  - type: ssh.exec\n    command: exit 7\n')
      await opsctl('jobs', 'apply', '-f', path)
      const said = await opsctl('jobs', 'run', 'failing', '-t', 'by-opsctl', '--follow')
      expect(said.code).toBe(1)
      expect(said.stderr).toContain('exit code 7')
    })

    test('what is wrong in a document is told with its place and reason, and exit code 2', async () => {
      const path = await file('wrong.yaml', 'name: wrong\nsteps:\n  - type: ssh.exec\n    comand: id\n')
      const said = await opsctl('jobs', 'apply', '-f', path)
      expect(said.code).toBe(2)
      expect(said.stderr).toMatch(/wrong\.yaml/)
      expect(said.stderr).toMatch(/steps\.0.*comand/)
    })

    test('shows the output of an execution, exactly or as JSON', async () => {
      const { items } = await json<{ items: { ref: string }[] }>('executions', 'list', '--job', 'greeting')
      const ref = items[0]?.ref ?? ''
      const said = await opsctl('executions', 'output', ref, '--branch', '1', '--stream', 'stdout')
      expect(said.stdout).toBe("good morning Anna's cat\n")
      expect(await json('executions', 'show', ref)).toMatchObject({ ref, status: 'completed' })
      expect(JSON.stringify(await json('executions', 'output', ref))).toContain("good morning Anna's cat")
    })

    test('cancels: whoever follows ends with exit code 6, and the remote process is gone', async () => {
      const there = join(inhabited.machines().folder, 'opsctl-cancel')
      const { command: sleep, running } = longSleep()
      const command = `echo begun; touch ${there}; ${sleep}`
      const path = await file('long.json', JSON.stringify({ name: 'long', steps: [{ type: 'ssh.exec', command }] }))
      await opsctl('jobs', 'apply', '-f', path)
      let isSeen = false
      const following = somebody.run(['jobs', 'run', 'long', '-t', 'by-opsctl', '--follow'], () => (isSeen = true))
      await until(() => isSeen && existsSync(there))
      const { items } = await json<{ items: { ref: string }[] }>('executions', 'list', '--job', 'long')
      expectDone(await opsctl('executions', 'cancel', items[0]?.ref ?? ''))
      expect(await following).toMatchObject({ code: 6, stdout: 'begun\n' })
      expect(running()).toEqual([])
      const { call } = await inhabited.admin()
      const execution = await call(api.executions.read, { params: { ref: items[0]?.ref ?? '' } })
      expect(isFinalExecution(execution.status)).toBe(true)
      expect(execution).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
    })

    test('an execution or a target that does not exist ends it with exit code 4', async () => {
      expect(await opsctl('executions', 'show', 'JOB-2026-999999.1')).toMatchObject({ code: 4 })
      expect(await opsctl('targets', 'show', 'nobody-knows')).toMatchObject({ code: 4 })
    })
  })
