import type { ClientFrame, Problem, ServerFrame } from '@opsconductor/contract'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLive, type LiveFrame } from './connection.ts'

/** The browser's end of a connection, whose server is the test. */
class PlayedSocket extends EventTarget {
  static readonly OPEN = 1
  static all: PlayedSocket[] = []
  readyState = 1
  readonly sent: ClientFrame[] = []
  constructor() {
    super()
    PlayedSocket.all.push(this)
    queueMicrotask(() => this.dispatchEvent(new Event('open')))
  }
  send(text: string) {
    const frame = JSON.parse(text) as ClientFrame
    this.sent.push(frame)
    if (frame.type === 'authenticate') this.say({ type: 'authenticated', expiresAt: '2026-01-02T03:19:05.000Z' })
  }
  say(frame: ServerFrame) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
  close() {
    this.readyState = 3
    queueMicrotask(() => this.dispatchEvent(new Event('close')))
  }
  subscribed() {
    return this.sent.flatMap((frame) => (frame.type === 'subscribe' ? [frame] : []))
  }
}

beforeEach(() => {
  PlayedSocket.all = []
  vi.stubGlobal('WebSocket', PlayedSocket)
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('document', new EventTarget())
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const connect = () => createLive({ url: '/live', accessToken: async () => 'access', renewInMs: () => 600_000 })
const problem = (status: number, code: Problem['code']): Problem => ({
  type: `/problems/${code}`,
  title: '',
  status,
  code,
  detail: '',
  requestId: '',
})
const lines = { topic: 'log', ref: 'JOB-2026-000001.1', from: 0 } as const

test('what the server failed to open is asked for again on the next connection, from the last number seen', async () => {
  const live = connect()
  const heard: LiveFrame[] = []
  live.subscribe(lines, (frame) => heard.push(frame))
  await vi.advanceTimersByTimeAsync(0)
  const [first] = PlayedSocket.all
  const id = first?.subscribed()[0]?.id ?? ''
  first?.say({ type: 'log', id, seq: 7, lines: [] })
  first?.say({ type: 'problem', id, problem: problem(503, 'unavailable') })
  await vi.advanceTimersByTimeAsync(0)
  expect(live.status()).toBe('down')

  await vi.advanceTimersByTimeAsync(1_000)
  expect(live.status()).toBe('open')
  expect(PlayedSocket.all.at(-1)?.subscribed()).toEqual([{ type: 'subscribe', id, to: { ...lines, from: 7 } }])
  expect(heard.map(({ type }) => type)).toEqual(['log'])
})

test('what the server refuses is told, and the connection stays', async () => {
  const live = connect()
  const heard: LiveFrame[] = []
  live.subscribe(lines, (frame) => heard.push(frame))
  await vi.advanceTimersByTimeAsync(0)
  const [first] = PlayedSocket.all
  const id = first?.subscribed()[0]?.id ?? ''
  first?.say({ type: 'problem', id, problem: problem(403, 'forbidden') })
  await vi.advanceTimersByTimeAsync(0)
  expect([live.status(), heard]).toMatchObject(['open', [{ type: 'problem', id }]])
})

test('what fails again and again is asked for less and less often', async () => {
  const live = connect()
  live.subscribe(lines, () => {})
  for (let failures = 0; failures < 20; failures++) {
    const socket = PlayedSocket.all.at(-1)
    await vi.advanceTimersByTimeAsync(0)
    socket?.say({ type: 'problem', id: socket.subscribed()[0]?.id ?? '', problem: problem(500, 'internal') })
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(PlayedSocket.all.length).toBeLessThan(8)
})
