import { apiBase, type ClientFrame, livePath, type ServerFrame } from '@opsconductor/contract'
import type { Server } from '../server-process.ts'

/** A line that says when it was printed: see {@link printAtFullSpeed}. */
const moment = /^now (\d+\.\d+)$/

/**
 * Prints so many blocks of 100 lines as fast as it can, and before each the time: perl, because a shell would be what is
 * measured. `text` is a file with at least one block.
 */
export const printAtFullSpeed = (text: string, blocks: number): string =>
  `perl -MTime::HiRes=time -e 'open F, "<", $ARGV[0]; $t .= <F> for 1..100; printf("now %.6f\\n%s", time, $t) for 1..${blocks}' ${text}`

export interface Viewer extends Disposable {
  /** How late each moment arrived here, in milliseconds. */
  readonly lagsMs: readonly number[]
  readonly lines: () => number
  /** All output has come. */
  readonly completed: Promise<void>
}

/** Watches the output of a branch as a browser does, from the first line on. */
export const watchOutput = async ({ origin, accessToken }: Server, ref: string): Promise<Viewer> => {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${apiBase}${livePath}`)
  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame))
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  const lagsMs: number[] = []
  const completed = Promise.withResolvers<void>()
  let lines = 0
  socket.addEventListener('message', ({ data }) => {
    const nowMs = performance.timeOrigin + performance.now()
    const frame = JSON.parse(String(data)) as ServerFrame
    if (frame.type === 'problem') completed.reject(new Error(frame.problem.detail))
    if (frame.type !== 'output') return
    lines += frame.lines.length
    for (const { text } of frame.lines) {
      const printedAt = moment.exec(text)?.[1]
      if (printedAt !== undefined) lagsMs.push(nowMs - Number(printedAt) * 1_000)
    }
    if (frame.isComplete) completed.resolve()
  })
  socket.addEventListener('close', () => completed.reject(new Error('the live connection was closed')))
  send({ type: 'authenticate', accessToken })
  send({ type: 'subscribe', id: 'output', to: { topic: 'output', ref, branch: 1, from: 0 } })
  return { lagsMs, lines: () => lines, completed: completed.promise, [Symbol.dispose]: () => socket.close() }
}
