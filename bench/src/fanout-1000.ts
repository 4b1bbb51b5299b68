import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createSshWire } from '@opsconductor/transports'
import { trustOnly } from '@opsconductor/transports/testing'
import { addJob, execute, runTrue } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { memoryMiB } from './ground/processes.ts'
import { startLightTargets, type Targets } from './ground/targets.ts'
import { xargsSsh } from './peers/fan-out.ts'
import { writeOpensshFiles } from './peers/openssh-files.ts'
import { sayGoal } from './report/goal.ts'
import { takeTurns } from './report/turns.ts'
import { startServer } from './server-process.ts'

const us = 'OpsConductor'

/** `true` on a thousand targets, everything cold: how long, and with how much memory. */
export const measureFanout1000 = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const count = isSmall ? 100 : 1_000
  await using targets = await startLightTargets(count)
  await using server = await startServer()
  await using files = await writeOpensshFiles(targets)
  await addTargets(server, targets)
  const job = await addJob(server, { name: 'a thousand', targets: [...targets.names], steps: [runTrue] })
  await execute(server, job) // pins the host keys
  const idleMiB = server.memoryMiB()

  const contestants = [{ name: us, go: () => execute(server, job) }, xargsSsh(files, 'plain')]
  const results = await takeTurns(
    `cold: true on ${count} targets of a light server`,
    contestants.map(({ name, go }) => ({ name, go: () => targets.dropConnections().then(go) })),
  )
  const peakMiB = server.peakMemoryMiB()
  console.log(
    `memory of the server process: ${idleMiB.toFixed(0)} MiB after the first, ${peakMiB.toFixed(0)} MiB at most`,
  )
  sayGoal({ what: `${count} targets`, value: results.wallMs(us) / 1_000, atMost: (10 * count) / 1_000, unit: ' s' })
  sayGoal({ what: 'memory of the server process', value: peakMiB, atMost: 400, unit: ' MiB' })
  sayGoal({ what: 'one more open idle connection', value: await idleConnectionKiB(targets), atMost: 64, unit: ' KiB' })
}

/** What a connection takes that is open and not used, in this process: the wire by itself. */
export const idleConnectionKiB = async (targets: Targets): Promise<number> => {
  // the first ones let V8's heap grow to what a working executor has; then it is counted what one more takes
  const [first, last] = [300, 1_000]
  const wire = createSshWire()
  const { host, port, username, privateKey, hostKey } = targets
  const open = async (from: number, to: number): Promise<void> => {
    let next = from
    const openSome = async (): Promise<void> => {
      while (next < to) {
        await using shell = await wire.connect({
          address: { host, port },
          login: { kind: 'ssh_key', username, privateKey },
          trust: trustOnly(hostKey),
          knownAlgorithms: [hostKey.algorithm],
          poolKey: `idle ${next++}`,
          signal: AbortSignal.timeout(60_000),
        })
        await shell.run({
          script: 'true',
          guard: { id: `idle-${next}` },
          signal: AbortSignal.timeout(60_000),
          onOutput: () => {},
        })
      }
    }
    await Promise.all(Array.from({ length: 10 }, openSome))
  }
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  try {
    await open(0, first)
    collectGarbage()
    const beforeMiB = memoryMiB(process.pid)
    await open(first, last)
    collectGarbage()
    return ((memoryMiB(process.pid) - beforeMiB) * 1_024) / (last - first)
  } finally {
    await wire.close()
  }
}
