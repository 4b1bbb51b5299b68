import { addJob, execute, runTrue } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { startSshdTargets } from './ground/targets.ts'
import { ansiblePlaybook } from './peers/ansible.ts'
import { writeOpensshFiles } from './peers/openssh-files.ts'
import { sayGoal } from './report/goal.ts'
import { takeTurns } from './report/turns.ts'
import { startServer } from './server-process.ts'

const us = 'OpsConductor'

/** Five steps that run `true`, one after the other, on each of 50 targets; everything cold. */
export const measureFiveSteps = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  await using targets = await startSshdTargets(isSmall ? 10 : 50)
  await using server = await startServer()
  await using files = await writeOpensshFiles(targets)
  await addTargets(server, targets)
  const steps = Array.from({ length: 5 }, () => runTrue)
  const job = await addJob(server, { name: 'five steps', targets: [...targets.names], steps })
  await execute(server, job) // pins the host keys

  const cold = async (): Promise<void> => {
    files.endMasters()
    await targets.dropConnections()
  }
  const contestants = [{ name: us, go: () => execute(server, job) }, ...(await ansiblePlaybook(files, steps.length))]
  const results = await takeTurns(
    `cold: ${steps.length} steps on ${targets.names.length} targets of a real sshd`,
    contestants.map(({ name, go }) => ({ name, go: () => cold().then(go) })),
  )
  const value = results.wallMs(us) / results.wallMs('ansible-playbook, pipelining')
  sayGoal({ what: 'wall ÷ ansible-playbook with pipelining', value, atMost: 0.1 })
}
