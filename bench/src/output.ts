import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { addJob, execute, runTrue, untilEnded } from './ground/execution.ts'
import { watchForeignLoad } from './ground/foreign-load.ts'
import { addTargets } from './ground/inventory.ts'
import { logText } from './ground/log-text.ts'
import type { LoopDelay } from './ground/loop-watch.ts'
import { startLightTargets, startSshdTargets } from './ground/targets.ts'
import { printAtFullSpeed, watchOutput } from './ground/viewer.ts'
import { figure, sayGoal } from './report/goal.ts'
import { median, quantile } from './report/median.ts'
import { rounds } from './report/turns.ts'
import { type Server, startServer } from './server-process.ts'

/** Lines and bytes of one block that {@link printAtFullSpeed} prints. */
const blockLines = 101
const text = logText(20_000)
const blockBytes = text.split('\n', 100).join('\n').length + 1 + 'now 1780000000.000000\n'.length

/** Output at full speed: of one branch, of fifty, with somebody watching; and how the API bears that. */
export const measureOutput = async ({ isSmall }: { isSmall: boolean }): Promise<void> => {
  const megabytes = isSmall ? 10 : 200
  const blocks = Math.round((megabytes * 1e6) / blockBytes)
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-output-'))
  const file = join(folder, 'text')
  await writeFile(file, text)
  try {
    await using targets = await startSshdTargets(50)
    await using server = await startServer({ OUTPUT_LIMIT_MB: '10000' })
    await addTargets(server, targets)
    const printing = (name: string, names: readonly string[], count: number) =>
      addJob(server, {
        name,
        targets: [...names],
        steps: [{ type: 'ssh.exec', command: printAtFullSpeed(file, count), timeoutSec: 300, mode: 'attached' }],
      })
    await execute(server, await addJob(server, { name: 'true', targets: [...targets.names], steps: [runTrue] }))
    const one = await printing('one prints', targets.names.slice(0, 1), blocks)
    const fifty = await printing('fifty print', targets.names, Math.ceil(blocks / 50))

    const alone = await storedPerSecond(server, one, blocks)
    const together = await storedPerSecond(server, fifty, Math.ceil(blocks / 50) * 50)
    const watched = await withViewer(server, one, blocks)
    const limits = { lines: 40_000, megabytes: 100 }
    for (const [who, { megabytes, lines }] of Object.entries({ 'one branch': alone, 'fifty branches': together })) {
      sayGoal({ what: `${who}: stored`, value: lines, atLeast: limits.lines, unit: ' lines/s' })
      sayGoal({ what: `${who}: stored`, value: megabytes, atLeast: limits.megabytes, unit: ' MB/s' })
    }
    sayGoal({ what: 'a live viewer’s lag, p99', value: watched.lagMs, atMost: 500, unit: ' ms' })
    sayDelay('meanwhile, with the viewer', watched.delay)
  } finally {
    await rm(folder, { recursive: true })
  }
  await coldHandshakes(isSmall ? 40 : 200)
}

const sayDelay = (when: string, delay: LoopDelay): void =>
  sayGoal({ what: `event-loop delay of the API, p99, ${when}`, value: delay.p99Ms, atMost: 15, unit: ' ms' })

type Speed = { megabytes: number; lines: number }

/** Median of the rounds, printed. */
const storedPerSecond = async (server: Server, job: string, blocks: number): Promise<Speed> => {
  const foreign = watchForeignLoad()
  const seconds: number[] = []
  const cpuMs: number[] = []
  await server.loopDelay()
  for (let round = 0; round < rounds; round++) {
    const went = await execute(server, job)
    seconds.push(went.wallMs / 1_000)
    cpuMs.push(went.cpuMs)
  }
  const delay = await server.loopDelay()
  const speed = {
    megabytes: (blocks * blockBytes) / 1e6 / median(seconds),
    lines: (blocks * blockLines) / median(seconds),
  }
  console.log(
    `${((blocks * blockBytes) / 1e6).toFixed(0)} MB in ${figure(median(seconds))} s (${seconds.map(figure).join(' ')}): ` +
      `${figure(speed.megabytes)} MB/s, ${speed.lines.toFixed(0)} lines/s, CPU ${median(cpuMs).toFixed(0)} ms; ` +
      `event loop of the API p99 ${figure(delay.p99Ms)} ms, at most ${figure(delay.maxMs)} ms; ` +
      `at most ${server.peakMemoryMiB().toFixed(0)} MiB; others ${figure(foreign.processors())} processors`,
  )
  return speed
}

const withViewer = async (
  server: Server,
  job: string,
  blocks: number,
): Promise<{ lagMs: number; delay: LoopDelay }> => {
  const p99s: number[] = []
  const delays: LoopDelay[] = []
  for (let round = 0; round < rounds; round++) {
    await server.loopDelay()
    const { uuid } = await server.call(api.executions.start, { params: { ref: job }, body: {} })
    using viewer = await watchOutput(server, uuid)
    const { startedAt, finishedAt } = await untilEnded(server, uuid)
    await viewer.completed
    delays.push(await server.loopDelay())
    const [p50, p99] = [quantile(viewer.lagsMs, 0.5), quantile(viewer.lagsMs, 0.99)]
    const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1_000
    console.log(
      `watched: ${figure((blocks * blockBytes) / 1e6 / seconds)} MB/s, lag p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ` +
        `${viewer.lines()} pieces of lines seen`,
    )
    p99s.push(p99)
  }
  const delay = delays.toSorted((a, b) => a.p99Ms - b.p99Ms)[Math.floor(delays.length / 2)]
  if (delay === undefined) throw new Error('nothing was measured')
  return { lagMs: median(p99s), delay }
}

/** The executor's cryptography must not keep the API waiting. */
const coldHandshakes = async (count: number): Promise<void> => {
  await using targets = await startLightTargets(count)
  await using server = await startServer()
  await addTargets(server, targets)
  const job = await addJob(server, { name: 'cold', targets: [...targets.names], steps: [runTrue] })
  await execute(server, job)
  const delays: LoopDelay[] = []
  for (let round = 0; round < rounds; round++) {
    await targets.dropConnections()
    await server.loopDelay()
    await execute(server, job)
    delays.push(await server.loopDelay())
  }
  const delay = delays.toSorted((a, b) => a.p99Ms - b.p99Ms)[Math.floor(rounds / 2)]
  if (delay !== undefined) sayDelay(`during ${count} cold handshakes`, delay)
}
