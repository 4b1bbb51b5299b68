import { expect, test } from 'vitest'
import { copyUp, createLocalWire, type Shell, type Stopped } from '../src/index.ts'

test.each(['cancelled', 'timeout'] as const)(
  'a copy that was stopped (%s) says what was seen there',
  async (because) => {
    await using shell = await createLocalWire().connect({ signal: new AbortController().signal })
    const left: Stopped = { kind: 'stopped', because: 'cancelled', outcome: 'still_running', pids: [42] }
    const cancel = new AbortController()
    const stuck: Shell = {
      ...shell,
      run: async ({ signal }) => {
        const ended = new Promise((done) => signal.addEventListener('abort', done, { once: true }))
        if (because === 'cancelled') cancel.abort()
        await ended
        return left
      },
    }
    const request = { content: Buffer.from('x'), there: 'file', signal: cancel.signal }
    const copied = await copyUp(stuck, because === 'timeout' ? { ...request, timeoutMs: 1 } : request)
    expect(copied).toEqual({ ...left, because })
  },
)
