import { api, type OutputLine, type RouteAnswer, type ServerFrame } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'
import { describe, expect, test } from 'vitest'
import { rawOutput, untilEnded, type Client } from '../kit/client.ts'
import type { Inhabited } from '../kit/inhabited.ts'
import { openLive, openWay, type LiveClient } from '../kit/live-client.ts'

const lineCount = 3000
// in bursts, so that there is a middle to be cut in
const counting = `i=1
while [ $i -le ${lineCount} ]; do
  echo "line $i"
  [ $((i % 100)) -eq 0 ] && sleep 0.03
  i=$((i + 1))
done`
const expected = Array.from({ length: lineCount }, (_, index) => `line ${index + 1}`)

type OutputFrame = Extract<ServerFrame, { type: 'output' }>
const outputOf = ({ frames }: LiveClient): OutputFrame[] => frames.filter((frame) => frame.type === 'output')
const isComplete = (live: LiveClient) => outputOf(live).some((frame) => frame.isComplete)

/** Pieces put together: a line may come in several. */
const textsOf = (pieces: OutputLine[]): string[] => {
  const texts: string[] = []
  for (const { line, text } of pieces) texts[line - 1] = (texts[line - 1] ?? '') + text
  return texts
}

const polled = async ({ call }: Client, ref: string): Promise<OutputLine[]> => {
  const lines: OutputLine[] = []
  for (let fromLine: number | null = 1; fromLine !== null;) {
    const page: RouteAnswer<typeof api.executions.output> = await call(api.executions.output, {
      params: { ref, number: 1 },
      query: { fromLine, limit: 700 },
    })
    lines.push(...page.items)
    fromLine = page.nextLine
  }
  return lines
}

export const live = ({ house, admin, run, targets }: Inhabited) =>
  describe('live', () => {
    test('a connection cut again and again in the middle of output goes on from the last number: every line once, in order', async () => {
      const client = await admin()
      const [target = ''] = await targets()
      await using way = await openWay(house().url)
      const { uuid } = await run('', [target], { steps: [{ type: 'ssh.script', script: counting }] })
      const lines: OutputLine[] = []
      let cuts = 0
      for (let from = 0, isOver = false; !isOver;) {
        const connection = await openLive(way.url, client.accessToken())
        connection.send({ type: 'subscribe', id: 'it', to: { topic: 'output', ref: uuid, branch: 1, from } })
        const enough = cuts < 4 ? 400 : Infinity
        await until(
          () => isComplete(connection) || outputOf(connection).flatMap((frame) => frame.lines).length >= enough,
        )
        isOver = isComplete(connection)
        for (const frame of outputOf(connection)) {
          lines.push(...frame.lines)
          from = frame.seq
        }
        if (isOver) connection.close()
        else {
          way.cut()
          cuts += 1
        }
      }
      expect(cuts).toBeGreaterThanOrEqual(2)
      expect(textsOf(lines)).toEqual(expected)
      expect(lines.map(({ line }) => line)).toEqual(lines.map(({ line }) => line).toSorted((a, b) => a - b))
      expect(await untilEnded(client, { uuid })).toMatchObject({ status: 'completed' })
      expect(textsOf(await polled(client, uuid))).toEqual(expected)
      expect((await rawOutput(client, uuid)).toString()).toBe(`${expected.join('\n')}\n`)
    })

    test('a token is renewed on the same connection, and a bad one ends it', async () => {
      const client = await admin()
      const connection = await openLive(house().url, client.accessToken())
      connection.send({ type: 'authenticate', accessToken: await client.renew() })
      connection.send({ type: 'subscribe', id: 'jobs', to: { topic: 'jobs' } })
      await until(() => connection.frames.filter(({ type }) => type === 'authenticated').length === 2)
      expect(connection.isClosed()).toBe(false)
      connection.send({ type: 'authenticate', accessToken: 'not a token' })
      await until(() => connection.isClosed())
      expect(connection.frames.at(-1)).toMatchObject({ type: 'problem', problem: { code: 'unauthenticated' } })
    })

    test('states of an execution come live, to the end', async () => {
      const client = await admin()
      const all = await targets()
      const connection = await openLive(house().url, client.accessToken())
      const { uuid } = await run('echo done', all)
      connection.send({ type: 'subscribe', id: 'it', to: { topic: 'execution', ref: uuid, from: 0 } })
      const last = () => connection.frames.findLast((frame) => frame.type === 'execution')?.execution
      await until(() => last()?.status === 'completed')
      expect(last()).toMatchObject({ counts: { total: all.length, completed: all.length } })
      connection.close()
    })
  })
