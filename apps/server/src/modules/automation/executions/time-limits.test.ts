import { spawnSync } from 'node:child_process'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('executions with a time limit'))('executions with a time limit', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  const sleeping = (seconds: number) => spawnSync('pgrep', ['-fx', `sleep ${seconds}`], { encoding: 'utf8' }).stdout

  test.each(['attached', 'detached'] as const)(
    'whose time is over is stopped on its targets, and says that it timed out (%s)',
    async (mode) => {
      const seconds = mode === 'attached' ? 87_001 : 87_002
      const execution = await fleet.run(
        [
          {
            type: 'ssh.exec',
            command: `echo begun; sh -c 'sleep ${seconds}' & wait`,
            mode,
            retries: 3,
            onError: 'continue',
          },
          'echo never',
        ],
        { timeoutSec: 3, strategy: { batches: [1] } },
      )
      expect(execution).toMatchObject({
        status: 'failed',
        cancelOutcome: 'stopped',
        timeoutSec: 3,
        timedOutAt: expect.any(String) as string,
        message: 'Timed out after 3 s: 0 of 2 branches completed, 1 failed, 1 not started.',
      })
      const [first, second] = await fleet.branches(execution.uuid)
      expect(first).toMatchObject({ status: 'failed', fault: 'timeout', cancelOutcome: 'stopped' })
      expect(first?.message).toContain('Timed out: the time limit of 3 s of the execution is over.')
      expect(second).toMatchObject({
        status: 'skipped',
        message: 'Timed out: the time limit of 3 s of the execution was over before it began.',
      })
      expect((await fleet.steps(execution.uuid)).map(({ status, fault }) => [status, fault])).toEqual([
        ['failed', 'timeout'],
        ['skipped', null],
      ])
      expect(sleeping(seconds)).toBe('')
      expect(await fleet.text(execution.uuid)).toBe('begun\n')
    },
  )

  test('waiting does not outlast it, and one that is through in time has none of it', async () => {
    const execution = await fleet.run([{ type: 'wait', durationSec: 3600 }], { timeoutSec: 1 })
    expect(execution).toMatchObject({ status: 'failed', cancelOutcome: 'stopped' })
    expect((await fleet.branches(execution.uuid))[0]).toMatchObject({
      status: 'failed',
      fault: 'timeout',
      message: 'Timed out: the time limit of 1 s of the execution was over while it waited.',
    })
    const quick = await fleet.run(['true'], { timeoutSec: 60 })
    expect(quick).toMatchObject({ status: 'completed', timeoutSec: 60, timedOutAt: null, cancelOutcome: null })
  })

  test('it is counted from when it began to run', async () => {
    await using narrow = await startFleet({ settings: { MAX_CONCURRENT_EXECUTIONS: '1' } })
    const first = await narrow.start(['sleep 2'])
    const second = await narrow.start(['true'], { timeoutSec: 1 })
    await until(async () => (await narrow.read(first.uuid)).finishedAt !== null)
    expect((await narrow.ended(second)).status).toBe('completed')
  })
})
