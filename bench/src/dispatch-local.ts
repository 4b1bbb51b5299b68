import { api } from '@opsconductor/contract'
import { printHead, printTimes } from './figures.ts'
import { openLiveOutput, preciseNow } from './live-output.ts'
import { startNodeRed } from './peers/node-red.ts'
import { sayGoal } from './report/goal.ts'
import { median } from './report/median.ts'
import { startServer } from './server-process.ts'

const samples = 200
const warmUp = 20
/** Says by the clock of this machine when it ran. */
const command = 'date +%s%N'

/** From a call to the start of a command on the executor's own machine, beside Node-RED. */
export const measureLocalDispatch = async (): Promise<void> => {
  await using server = await startServer({ LOCAL_TRANSPORT: 'true' })
  await server.call(api.targets.create, { body: { name: 'here', methods: [{ type: 'local', config: {} }] } })
  const { serial } = await server.call(api.jobs.create, {
    body: { name: 'local', targets: ['here'], steps: [{ type: 'script.local', script: command, timeoutSec: 30 }] },
  })
  using live = await openLiveOutput(server)
  await using nodeRed = await startNodeRed(command)

  const ours: number[] = []
  const theirs: number[] = []
  for (let sample = -warmUp; sample < samples; sample++) {
    const askedAt = preciseNow()
    const execution = await server.call(api.executions.start, { params: { ref: serial }, body: {} })
    const { completed } = await live.firstOutput(execution.uuid)
    const ranMs = Number(await completed) / 1e6 - askedAt
    if (sample >= 0) ours.push(ranMs)
    if (nodeRed === undefined) continue
    const askedThereAt = preciseNow()
    const ranThereMs = Number(await nodeRed.run()) / 1e6 - askedThereAt
    if (sample >= 0) theirs.push(ranThereMs)
  }
  printHead(`dispatch, a command on this machine, ${samples} times, milliseconds`)
  printTimes('POST → command has run', ours)
  if (nodeRed === undefined) return
  printTimes('beside it: Node-RED, call → command has run', theirs)
  sayGoal({ what: 'local: command has run ÷ Node-RED', value: median(ours) / median(theirs), atMost: 2 })
}
