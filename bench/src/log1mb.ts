import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addJob, execute } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { logText } from './ground/log-text.ts'
import { startSshdTargets } from './ground/targets.ts'
import { xargsSsh, xargsSshIntoFiles } from './peers/fan-out.ts'
import { writeOpensshFiles } from './peers/openssh-files.ts'
import { sayGoal } from './report/goal.ts'
import { takeTurns } from './report/turns.ts'
import { startServer } from './server-process.ts'

const us = 'OpsConductor'
const bytes = 1_000_000

/** A megabyte of output from each of 100 targets, kept: in the database here, in files there. Cold. */
export const measureLog1Mb = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  await using targets = await startSshdTargets(isSmall ? 10 : 100)
  await using server = await startServer()
  await using files = await writeOpensshFiles(targets)
  await addTargets(server, targets)
  const text = join(files.folder, 'text')
  await writeFile(text, logText(bytes))
  const command = `cat ${text}`
  const job = await addJob(server, {
    name: 'a megabyte each',
    targets: [...targets.names],
    steps: [{ type: 'ssh.exec', command, timeoutSec: 60 }],
  })
  await xargsSsh(files, 'plain').go()
  const idleMiB = server.memoryMiB()
  await execute(server, job) // pins the host keys
  server.forgetPeakMemory()

  const contestants = [{ name: us, go: () => execute(server, job) }, xargsSshIntoFiles(files, command)]
  const results = await takeTurns(
    `cold: 1 MB of output from ${targets.names.length} targets of a real sshd`,
    contestants.map(({ name, go }) => ({ name, go: () => targets.dropConnections().then(go) })),
  )
  const peakMiB = server.peakMemoryMiB()
  console.log(`memory of the server process: ${idleMiB.toFixed(0)} MiB before, ${peakMiB.toFixed(0)} MiB at most`)
  const value = results.wallMs(us) / results.wallMs(`xargs -P 50 ssh, into files`)
  sayGoal({ what: 'wall ÷ xargs ssh into files', value, atMost: 0.85 })
  sayGoal({ what: 'memory for it, beyond that of an idle server', value: peakMiB - idleMiB, atMost: 150, unit: ' MiB' })
}
