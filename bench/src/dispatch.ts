import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { type Sshd, startSshd } from '@opsconductor/transports/testing'
import { measureLocalDispatch } from './dispatch-local.ts'
import { printHead, printTimes } from './figures.ts'
import { openLiveOutput, preciseNow } from './live-output.ts'
import { sayGoal } from './report/goal.ts'
import { median, quantile } from './report/median.ts'
import { type Server, startServer } from './server-process.ts'

const rounds = 200
const warmUp = 30
/** Says by the clock of the target, which is this machine's, when it ran. */
const command = 'date +%s%N'
/** What `ssh` through a ControlMaster took on the machine for which the goals were set. */
const peerThereMs = 7.8

/** From `POST /jobs/:ref/executions` to the first byte of the command's output, on a target that is connected already. */
export const measureDispatch = async () => {
  await measureFarDispatch()
  await measureLocalDispatch()
}

const measureFarDispatch = async () => {
  await using sshd = await startSshd()
  await using server = await startServer()
  await prepareTarget(server, sshd)
  using live = await openLiveOutput(server)
  await using peer = await openPeer(sshd)

  for (const mode of ['attached', 'detached'] as const) {
    const job = await prepareJob(server, mode)
    const answered: number[] = []
    const ran: number[] = []
    const seen: number[] = []
    const ended: number[] = []
    const peers: number[] = []
    for (let round = -warmUp; round < rounds; round++) {
      const askedAt = preciseNow()
      const execution = await server.call(api.executions.start, { params: { ref: job }, body: {} })
      const answeredAt = preciseNow()
      const { seenAt, completed } = await live.firstOutput(execution.uuid)
      const text = await completed
      const endedAt = preciseNow()
      const peerMs = await peer.firstByteMs()
      if (round < 0) continue
      answered.push(answeredAt - askedAt)
      ran.push(Number(text) / 1e6 - askedAt)
      seen.push(seenAt - askedAt)
      ended.push(endedAt - askedAt)
      peers.push(peerMs)
    }
    printHead(`dispatch, ${mode}, ${rounds} times, milliseconds`)
    printTimes('POST answered', answered)
    printTimes('POST → command has run on the target', ran)
    printTimes('POST → first output seen live', seen)
    printTimes('POST → exit code stored, and the end seen live', ended)
    printTimes('beside it: ssh over an open ControlMaster', peers)
    // where the goals were set, that `ssh` took 7.8 ms: as parts of it they hold on any machine
    const peerMs = median(peers)
    const goal = (what: string, ms: number, goalMs: number) =>
      sayGoal({
        what: `${mode}: ${what} ÷ ssh through ControlMaster`,
        value: ms / peerMs,
        atMost: goalMs / peerThereMs,
      })
    goal('first output seen live', median(seen), 10)
    goal('p99 of that', quantile(seen, 0.99), 50)
    goal('exit code stored', median(ended), 1.5 * peerThereMs)
  }
}

const prepareTarget = async ({ call }: Server, { host, port, username, privateKey }: Sshd) => {
  await call(api.credentials.create, {
    body: { name: 'key', type: 'ssh_key', secret: { username, privateKey } },
  })
  await call(api.targets.create, {
    body: { name: 'target', methods: [{ type: 'ssh', config: { host, port }, credential: 'key' }] },
  })
}

const prepareJob = async ({ call }: Server, mode: 'attached' | 'detached'): Promise<string> => {
  const job = await call(api.jobs.create, {
    body: { name: `dispatch ${mode}`, targets: ['target'], steps: [{ type: 'ssh.exec', command, mode }] },
  })
  return job.serial
}

/** OpenSSH's own client with its connection kept open: what a person would use instead. */
const openPeer = async ({ host, port, username, privateKey }: Sshd) => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-peer-'))
  const key = join(folder, 'key')
  await writeFile(key, privateKey, { mode: 0o600 })
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes']
  const control = [...options, 'ControlMaster=auto', `ControlPath=${join(folder, 'c')}`, 'ControlPersist=60']
  const base = ['-F', 'none', '-i', key, '-p', String(port), ...control.flatMap((option) => ['-o', option])]
  const ssh = (...args: string[]) => spawn('ssh', [...base, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const firstByteMs = async () => {
    const startedAt = performance.now()
    const child = ssh(`${username}@${host}`, command)
    const exit = once(child, 'exit')
    await once(child.stdout, 'data')
    const ms = performance.now() - startedAt
    await exit
    return ms
  }
  await firstByteMs()
  return {
    firstByteMs,
    [Symbol.asyncDispose]: async () => {
      await once(ssh('-O', 'exit', `${username}@${host}`), 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
