import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('metrics of executions'))('metrics of executions', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet()
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  const scrape = async () => (await fetch(new URL('/metrics', fleet.url))).text()
  const valueOf = (text: string, series: string) => {
    const line = text.split('\n').find((line) => line.startsWith(`${series} `))
    return line === undefined ? null : Number(line.slice(series.length + 1))
  }

  test('steps, their phases, bytes and ends are counted, and branches by target', async () => {
    const execution = await fleet.run([
      { type: 'ssh.exec', command: 'printf 12345; sleep 0.2', mode: 'attached' },
      { type: 'ssh.exec', command: 'exit 3', mode: 'attached' },
    ])
    expect(execution.status).toBe('failed')
    const of = 'type="ssh.exec",method="ssh"'
    await until(async () => (await scrape()).includes('opsconductor_branches_total{target="host-1"'))
    const text = await scrape()
    expect(valueOf(text, `opsconductor_steps_total{${of},status="completed",fault="",exit="0"}`)).toBe(1)
    expect(valueOf(text, `opsconductor_steps_total{${of},status="failed",fault="",exit="other"}`)).toBe(1)
    expect(valueOf(text, `opsconductor_step_output_bytes_total{${of}}`)).toBe(5)
    expect(valueOf(text, 'opsconductor_branches_total{target="host-1",status="failed"}')).toBe(1)
    const run = (name: string) => valueOf(text, `opsconductor_step_seconds_${name}`)
    for (const phase of ['wait', 'connect', 'run', 'collect'])
      expect([phase, run(`count{phase="${phase}",${of}}`)]).toEqual([phase, 2])
    // the second step was lent the connection of the first
    expect(run(`count{phase="authenticate",${of}}`)).toBe(1)
    expect(run(`sum{phase="run",${of}}`)).toBeGreaterThan(0.2)
    expect(run(`bucket{phase="run",${of},le="0.1"}`) ?? 0).toBeLessThan(2)
    expect(run(`bucket{phase="run",${of},le="+Inf"}`)).toBe(2)

    const [first, second] = await fleet.steps(execution.uuid)
    expect(first?.timings).toEqual({
      waitMs: expect.any(Number),
      connectMs: expect.any(Number),
      authenticateMs: expect.any(Number),
      runMs: expect.any(Number),
      collectMs: expect.any(Number),
    })
    expect(first?.timings.authenticateMs).toBeLessThan(first?.timings.connectMs ?? 0)
    expect(second?.timings).toMatchObject({ waitMs: 0, authenticateMs: null })
  })

  test('a step that waited is counted, too', async () => {
    expect((await fleet.run([{ type: 'wait', durationSec: 0.1 }])).status).toBe('completed')
    const series = 'opsconductor_steps_total{type="wait",method="none",status="completed",fault="",exit="none"}'
    await until(async () => valueOf(await scrape(), series) === 1)
  })

  test('slots and queues are as they are at this moment', async () => {
    await until(async () => (await scrape()).includes('opsconductor_executor_slots{'))
    await using idle = await startFleet({ services: ['gateway', 'scheduler'] })
    await idle.start(['true'])
    const scrapeIdle = async () => (await fetch(new URL('/metrics', idle.url))).text()
    await until(async () => valueOf(await scrapeIdle(), 'opsconductor_queue_depth{zone="default"}') === 1)
    await until(async () => Number(valueOf(await scrapeIdle(), 'opsconductor_queue_lag_seconds{zone="default"}')) > 0)
    const text = await scrapeIdle()
    expect(valueOf(text, 'opsconductor_executions{status="running"}')).toBe(1)
    expect(valueOf(text, 'opsconductor_executions_needing_attention{}')).toBe(0)
    // every line can be read: a comment, or a series with its value; prom-client writes "Nan", and readers take either
    for (const line of text.split('\n').filter((line) => line !== ''))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) .+|[a-z][a-z0-9_]*(?:\{[^}]*\})? (?:[\d.e+-]+|nan))$/i)
  })
})
