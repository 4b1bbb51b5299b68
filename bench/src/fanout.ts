import { addJob, execute, runTrue } from './ground/execution.ts'
import { addTargets } from './ground/inventory.ts'
import { startLightTargets, startSshdTargets, type Targets } from './ground/targets.ts'
import { ansibleRaw } from './peers/ansible.ts'
import { fleetPrograms, xargsSsh } from './peers/fan-out.ts'
import { type OpensshFiles, writeOpensshFiles } from './peers/openssh-files.ts'
import { sayGoal } from './report/goal.ts'
import { type Contestant, type Results, rounds, takeTurns } from './report/turns.ts'
import { startServer } from './server-process.ts'

type Size = { isSmall: boolean }
type Heat = 'cold' | 'warm'

const us = 'OpsConductor'

/** `true` on every target by one execution, beside what else one would use; everything cold, or everything warm. */
const fanOut = async (targets: Targets, heat: Heat): Promise<Results> => {
  await using _targets = targets
  await using server = await startServer()
  await using files = await writeOpensshFiles(targets)
  await addTargets(server, targets)
  const job = await addJob(server, { name: 'fan out', targets: [...targets.names], steps: [runTrue] })
  await execute(server, job) // pins the host keys, and opens all connections
  const prepare = heat === 'cold' ? () => targets.dropConnections() : async () => {}

  const ours: Contestant[] = [{ name: us, go: () => execute(server, job) }]
  if (targets.kind === 'sshd') {
    // what a step without a time-out is: it outlives its executor
    const detached = await addJob(server, {
      name: 'fan out, detached',
      targets: [...targets.names],
      steps: [{ ...runTrue, mode: 'detached' }],
    })
    await execute(server, detached)
    ours.push({ name: `${us}, detached`, go: () => execute(server, detached) })
  }
  const connections = heat === 'cold' ? 'plain' : 'kept'
  if (heat === 'warm') await openMasters(files)
  const peers = [
    xargsSsh(files, connections),
    ...(heat === 'cold' && targets.kind === 'sshd' ? [xargsSsh(files, 'ownKex')] : []),
    ...fleetPrograms(files, connections),
    ...(await ansibleRaw(files, connections)),
  ]
  const prepared = [...ours, ...peers].map(({ name, go }) => ({ name, go: () => prepare().then(go) }))
  return await takeTurns(`${heat}: true on ${targets.names.length} targets of ${nameOf(targets)}`, prepared, rounds)
}

const nameOf = ({ kind }: Targets) => (kind === 'sshd' ? 'a real sshd' : 'a light server')

/** A master for each target, in the background, as a person's ssh would leave it. */
const openMasters = async (files: OpensshFiles): Promise<void> => {
  const { go } = xargsSsh(files, 'kept')
  await go()
}

const over = (results: Results, peer: string) => results.wallMs(us) / results.wallMs(peer)

export const measureFanoutCold = async ({ isSmall }: Size): Promise<void> => {
  const real = await fanOut(await startSshdTargets(isSmall ? 20 : 100), 'cold')
  const light = await fanOut(await startLightTargets(isSmall ? 40 : 200), 'cold')
  const xargs = 'xargs -P 50 ssh'
  sayGoal({ what: 'real sshd: wall ÷ xargs ssh', value: over(real, xargs), atMost: 0.85 })
  sayGoal({ what: 'light server: wall ÷ xargs ssh', value: over(light, xargs), atMost: 0.6 })
  sayGoal({ what: 'light server: CPU ÷ xargs ssh', value: light.cpuMs(us) / light.cpuMs(xargs), atMost: 0.45 })
  sayGoal({ what: 'light server: times as fast as ansible raw', value: 1 / over(light, 'ansible -m raw'), atLeast: 8 })
}

export const measureFanoutWarm = async ({ isSmall }: Size): Promise<void> => {
  const real = await fanOut(await startSshdTargets(isSmall ? 20 : 100), 'warm')
  const through = ' through ControlMaster'
  sayGoal({
    what: 'wall ÷ xargs ssh through ControlMaster',
    value: over(real, `xargs -P 50 ssh${through}`),
    atMost: 0.5,
  })
  sayGoal({
    what: 'times as fast as ansible raw with its masters open',
    value: 1 / over(real, `ansible -m raw${through}`),
    atLeast: 15,
  })
}
