import { randomUUID } from 'node:crypto'
import { api } from '@opsconductor/contract'
import { createSshWire, type PosixShell } from '@opsconductor/transports'
import { startSlowLink, trustOnly } from '@opsconductor/transports/testing'
import { cpuMsBelow } from './ground/processes.ts'
import { addJob, execute, runTrue } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { startSshdTargets, type Targets } from './ground/targets.ts'
import { xargsSsh } from './peers/fan-out.ts'
import { writeOpensshFiles } from './peers/openssh-files.ts'
import { sayGoal } from './report/goal.ts'
import { median } from './report/median.ts'
import { takeTurns } from './report/turns.ts'
import { startServer } from './server-process.ts'

const roundTripMs = 40

/** A command on an open connection, over a line that takes its time in both directions. */
export const measureRtt40 = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const times = isSmall ? 5 : 25
  await using near = await startSshdTargets(1)
  await using line = await startSlowLink(near, roundTripMs)
  const targets: Targets = { ...near, ...line.address }
  await using files = await writeOpensshFiles(targets)
  await using wire = createSshWire()
  const { host, port, username, privateKey, hostKey } = targets
  await using shell = await wire.connect({
    address: { host, port },
    login: { kind: 'ssh_key', username, privateKey },
    trust: trustOnly(hostKey),
    knownAlgorithms: [hostKey.algorithm],
    poolKey: 'far',
    signal: never,
  })
  for (let round = 0; round < 3; round++) await runGuarded(shell) // learns that the line is long
  const peer = xargsSsh(files, 'kept')
  await peer.go() // opens the master

  const results = await takeTurns(
    `warm: true over ${roundTripMs} ms of round trip`,
    [{ name: 'the SSH wire, under a guard', go: () => timed(() => runGuarded(shell)) }, peer],
    times,
  )
  const wireMs = results.wallMs('the SSH wire, under a guard')
  sayGoal({ what: 'warm command: one round trip + 10 ms', value: wireMs, atMost: roundTripMs + 10, unit: ' ms' })
  await throughTheServer(targets, times)
}

/** The same as a step of an execution: how long it says that it ran. */
const throughTheServer = async (targets: Targets, times: number): Promise<void> => {
  await using server = await startServer()
  await addTargets(server, targets)
  const steps = Array.from({ length: times }, () => runTrue)
  const job = await addJob(server, { name: 'far away', targets: [...targets.names], steps })
  const { execution } = await execute(server, job)
  const { items } = await server.call(api.executions.steps, { params: { ref: execution.uuid, number: 1 } })
  const ran = items.slice(3).flatMap(({ timings }) => timings.runMs ?? [])
  console.log(`the same as a step of an execution, median of ${ran.length}: ${median(ran).toFixed(1)} ms`)
}

const never = new AbortController().signal

const runGuarded = async (shell: PosixShell): Promise<void> => {
  const exit = await shell.run({ script: 'true', signal: never, guard: { id: randomUUID() }, onOutput: () => {} })
  if (exit.kind !== 'exited' || exit.exitCode !== 0) throw new Error(`true ended as ${JSON.stringify(exit)}`)
}

/** In this process: everything below it would be the server's work, too. */
const timed = async (work: () => Promise<void>) => {
  const cpuBefore = cpuMsBelow(process.pid)
  const beganAt = performance.now()
  await work()
  return { wallMs: performance.now() - beganAt, cpuMs: cpuMsBelow(process.pid) - cpuBefore }
}
