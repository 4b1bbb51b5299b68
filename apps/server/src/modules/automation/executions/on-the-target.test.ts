import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { listProcesses, sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addTarget, type Fleet, startFleet } from '../../../../test/fleet.ts'
import { startExecutorProcess } from '../../../../test/service-process.ts'
import { until } from '../../../../test/until.ts'

/** Linux tells the arguments of every process; elsewhere they would have to be asked for by ps. */
const isLinux = existsSync('/proc/self/cmdline')
if (!isLinux) process.stderr.write('LEFT OUT: reading the arguments of all processes needs Linux\n')

/** The arguments of every process there is, as anybody on the machine can read them. */
const allArguments = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        return [] // ended in between
      }
    })

describe.skipIf(!sshdAvailable('what runs on a target')).each(['attached', 'detached'] as const)(
  'on the target of an %s step',
  (mode) => {
    let fleet: Fleet
    const folder = mkdtempSync(join(tmpdir(), 'opsconductor-target-'))
    const pids = join(folder, 'pids')
    const flag = join(folder, 'flag')
    beforeAll(async () => {
      fleet = await startFleet({ services: ['gateway', 'scheduler'] })
    })
    afterAll(async () => {
      await fleet?.[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })

    test('a cancel leaves nothing of three levels of processes, not even of what does not listen', async () => {
      await using _executor = await startExecutorProcess(fleet.app)
      const level3 = `trap "" TERM; echo $$ >> ${pids}; while :; do sleep 0.2; done`
      const level2 = `echo $$ >> ${pids}; sh ${join(folder, 'level3')} & sleep 300; wait`
      writeFileSync(join(folder, 'level2'), level2)
      writeFileSync(join(folder, 'level3'), level3)
      const command = `echo $$ >> ${pids}; sh ${join(folder, 'level2')} & sleep 300; wait`
      const started = await fleet.start([{ type: 'ssh.exec', mode, command }, 'echo never'])
      const running = () => (existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').filter(Boolean).map(Number) : [])
      await until(() => running().length === 3)
      const isThere = () => {
        const tree = new Set(running())
        return listProcesses().filter(({ pid, parent }) => tree.has(pid) || tree.has(parent))
      }
      expect(isThere().length).toBeGreaterThanOrEqual(3)

      await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
      expect(await fleet.ended(started, 60_000)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
      expect(isThere()).toEqual([])
      expect((await fleet.steps(started.uuid)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
    })

    test.runIf(isLinux)('no secret is in the arguments of any process, here or there', async () => {
      const [server] = fleet.servers
      if (server === undefined) throw new Error('no server')
      const name = `secretive-${mode}`
      await addTarget(fleet.app, name, server)
      const secret = 'Zyzzyva-17-of-them'
      const seen: string[] = []
      const over = new AbortController()
      const looking = (async () => {
        while (!over.signal.aborted) {
          seen.push(...allArguments().filter((text) => text.includes(secret) || text.includes('PRIVATE KEY')))
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      await using _executor = await startExecutorProcess(fleet.app)
      const { serial } = await fleet.addJob(
        [
          {
            type: 'ssh.exec',
            mode,
            // builtins only, as far as the author can see to it
            command: `printf '%s\\n' {{ password }}; until [ -e ${flag} ]; do sleep 0.05; done; printf '%s\\n' "{{ password }}"`,
          },
          { type: 'ssh.script', mode, interpreter: 'bash', script: `printf '%s\\n' '{{ password }}'` },
        ],
        { targets: [name], parameters: { password: { type: 'string', secret: true } } },
      )
      const started = await fleet.admin(api.executions.start, {
        params: { ref: serial },
        body: { parameters: { password: secret } },
      })
      await until(async () => (await fleet.text(started.uuid)).length > 0, 30_000)
      writeFileSync(flag, '')
      expect((await fleet.ended(started, 60_000)).status).toBe('completed')
      over.abort()
      await looking
      expect(seen).toEqual([])
      // it was there, and nobody was shown it
      const text = await fleet.text(started.uuid)
      expect(text.split('\n').filter(Boolean)).toHaveLength(3)
      expect(text).not.toContain(secret)
    })
  },
)
