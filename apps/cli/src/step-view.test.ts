import { api, type Copied, type StepResult } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { startPeer } from './testing/peer.ts'
import { branch, execution, stepResult } from './testing/samples.ts'
import { createWorld } from './testing/world.ts'

/** What `opsctl executions show` says of an execution with these steps. */
const shown = async (change: Parameters<typeof execution>[2], steps: StepResult[]): Promise<string> => {
  const peer = await startPeer()
  const world = await createWorld(peer.url)
  peer.answer(api.executions.read, () => execution('running', { running: 1 }, change))
  peer.answer(api.executions.branches, () => ({ items: [branch(1, 'running')], nextCursor: null }))
  peer.answer(api.executions.allSteps, () => ({ items: steps, nextCursor: null }))
  const { stdout } = await world.opsctl(['executions', 'show', 'X.1'], { env: { OPSCONDUCTOR_TOKEN: 'access' } })
  await world.remove()
  await peer.stop()
  return stdout
}

test('where the time of a step went is shown, of every step that has begun', async () => {
  const timings = { waitMs: 2, connectMs: 31.4, authenticateMs: 20, runMs: 4200, collectMs: null }
  const text = await shown({}, [
    stepResult({ name: 'look', timings, outputBytes: 12_345, executor: 'box:12' }),
    stepResult({ name: 'later', status: 'ready', startedAt: null }),
  ])
  expect(text).toMatch(/BRANCH +STEP +WAITED +CONNECTED +LOG-IN +RAN +COLLECTED +OUTPUT +EXECUTOR/)
  expect(text).toMatch(/001 +look +2 ms +31 ms +20 ms +4\.2 s +12,345 bytes +box:12/)
  expect(text).not.toMatch(/001 +later/)
})

test('what a copy came to is shown, and what it left out', async () => {
  const skipped = [{ path: 'run/lock', reason: 'a pipe' }]
  const copied: Copied = { files: 2, folders: 1, links: 0, sizeBytes: 5, verifiedBy: 'sha256', sha256: null, skipped }
  const message = 'Copied 2 files, 5 bytes, compared by SHA-256. Left out: 1.'
  expect(await shown({}, [stepResult({ type: 'ssh.copy', message, copied })])).toContain(`${message} run/lock: a pipe.`)
})

test('until when a step waits, the time limit, and who wants it to be stopped are shown', async () => {
  const at = '2026-01-02T03:04:05.000Z'
  const change = { timeoutSec: 600, cancelRequestedAt: at, cancelRequestedBy: 'anna' }
  const text = await shown(change, [stepResult({ status: 'running', dueAt: at })])
  expect(text).toMatch(/waits until 2026-01-0\d \d\d:\d\d:05/)
  expect(text).toMatch(/time limit +10 min 0 s/)
  expect(text).toMatch(/to be stopped +2026-01-0\d/)
  expect(text).toMatch(/cancelled by +anna/)
})
