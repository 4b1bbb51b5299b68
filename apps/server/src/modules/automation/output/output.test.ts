import { createHash } from 'node:crypto'
import { api, type OutputLine, type OutputPage } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { refusal } from '../../../../test/client.ts'
import { until } from '../../../../test/until.ts'

describe.skipIf(!sshdAvailable('output'))('output', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet({ settings: { OUTPUT_LIMIT_MB: '12' } })
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  const page = (ref: string, query: object = {}) =>
    fleet.admin(api.executions.output, { params: { ref, number: 1 }, query })
  const search = (ref: string, query: { q: string; limit?: number; cursor?: string; caseSensitive?: 'true' }) =>
    fleet.admin(api.executions.searchOutput, { params: { ref, number: 1 }, query })
  /** All lines, page after page, with the pieces of a line put together. */
  const allLines = async (ref: string, limit = 5000) => {
    const items: OutputLine[] = []
    let cursor: string | null = null
    for (let fromLine: number | null = 1; fromLine !== null;) {
      const next: OutputPage = await page(ref, { fromLine, limit, ...(cursor === null ? {} : { cursor }) })
      items.push(...next.items)
      cursor = next.nextCursor
      if (cursor === null) fromLine = next.nextLine
    }
    const lines = new Map<number, string>()
    for (const { line, text } of items) lines.set(line, (lines.get(line) ?? '') + text)
    return lines
  }

  test('a line of 10 MB is kept whole, read in pieces, and downloaded as it came', async () => {
    const bytes = 10_000_000
    const { uuid, status } = await fleet.run([`head -c ${bytes} /dev/zero | tr '\\0' x; echo; echo end`])
    expect(status).toBe('completed')
    const raw = await fleet.raw(uuid)
    expect(raw.length).toBe(bytes + 5)
    expect(raw.subarray(-5).toString()).toBe('\nend\n')
    const first = await page(uuid, { limit: 1 })
    expect(first.totalLines).toBe(2)
    expect(first.items.every(({ line, text }) => line === 1 && text.length <= 128 * 1024)).toBe(true)
    expect(first.nextCursor).not.toBeNull()
    expect(JSON.stringify(first).length).toBeLessThan(1024 * 1024)
    const lines = await allLines(uuid)
    expect([...lines.keys()]).toEqual([1, 2])
    expect(lines.get(1)?.length).toBe(bytes)
    expect(lines.get(2)).toBe('end')
  })

  test('binary output is downloaded byte by byte as it was, and does not harm the page', async () => {
    const command = String.raw`i=0; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done; head -c 300000 /dev/urandom | tee /dev/stderr`
    const { uuid } = await fleet.run([command])
    const [stdout, stderr] = [
      await fleet.raw(uuid, 1, { stream: 'stdout' }),
      await fleet.raw(uuid, 1, { stream: 'stderr' }),
    ]
    expect(stdout.subarray(0, 256)).toEqual(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(stderr.length).toBe(300_000)
    expect(hash(stdout.subarray(256))).toBe(hash(stderr))
    expect((await page(uuid)).isComplete).toBe(true)
  })

  test('a part of the output is downloaded by its bytes, and what lies outside is refused', async () => {
    const { uuid } = await fleet.run([
      'seq 1 2000; head -c 300000 /dev/zero | tr "\\0" x; echo; echo away >&2; seq 1 9',
    ])
    const download = (range: string, query: object = {}, headers: Record<string, string> = {}) =>
      fleet.admin.raw(
        api.executions.rawOutput,
        { params: { ref: uuid, number: 1 }, query },
        { headers: { range, ...headers } },
      )
    const whole = await fleet.raw(uuid)
    for (const [from, to] of [
      [0, 0],
      [5, 9999],
      [100, 250_000],
      [308_800, 308_893],
      [308_850, 400_000],
    ] as const) {
      const part = await download(`bytes=${from}-${to}`)
      expect(part.status).toBe(206)
      const last = Math.min(to, whole.length - 1)
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${last}/${whole.length}`)
      expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(from, last + 1))).toBe(true)
    }
    const end = await download('bytes=-7')
    expect(Buffer.from(await end.arrayBuffer())).toEqual(whole.subarray(-7))
    expect(await (await download('bytes=2-', { stream: 'stderr' })).text()).toBe('ay\n')
    const { status, code } = await refusal(download(`bytes=${whole.length}-`))
    expect([status, code]).toEqual([416, 'out_of_range'])
    // several ranges, other units, another version of it: the whole
    const tag = end.headers.get('etag') ?? ''
    expect((await download('bytes=0-1,5-6')).status).toBe(200)
    expect((await download('lines=1-2')).status).toBe(200)
    expect((await download('bytes=0-1', {}, { 'if-range': '"another"' })).status).toBe(200)
    expect((await download('bytes=0-1', {}, { 'if-range': tag })).status).toBe(206)
  })

  test('a line that is no text is marked, and its bytes can be read', async () => {
    const { uuid } = await fleet.run([String.raw`printf 'caf\303\251 \377\303\\n\n'; echo fine`])
    const { items } = await page(uuid)
    expect(items[0]).toMatchObject({ text: String.raw`café \xff\xc3\n`, isBinary: true })
    expect(items[1]).not.toHaveProperty('isBinary')
  })

  test('text in many scripts arrives whole, also where it is cut on the way', async () => {
    const text = 'žluťoučký kůň 🦊 漢字 العربية'
    const { uuid } = await fleet.run([`i=0; while [ $i -lt 3000 ]; do printf '%s\\n' '${text}'; i=$((i+1)); done`])
    const lines = await allLines(uuid)
    expect(lines.size).toBe(3000)
    expect(new Set(lines.values())).toEqual(new Set([text]))
  })

  test('5 MB in 50,000 lines come quickly, completely and in order', async () => {
    const startedAt = performance.now()
    const { uuid } = await fleet.run([`awk 'BEGIN { for (i = 1; i <= 50000; i++) printf "%06d %0.93d\\n", i, 0 }'`])
    expect(performance.now() - startedAt).toBeLessThan(30_000)
    const lines = await allLines(uuid)
    expect(lines.size).toBe(50_000)
    expect([...lines].every(([line, text]) => Number(text.slice(0, 6)) === line && text.length === 100)).toBe(true)
    expect((await fleet.steps(uuid))[0]?.outputBytes).toBe(50_000 * 101)
  })

  test('pages, search and download agree', async () => {
    const { uuid } = await fleet.run([`seq 1 1000; printf 'no line end'`, 'echo "Next Step"', 'echo a needle >&2'])
    const raw = await fleet.text(uuid)
    expect(raw).toBe(
      `${Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join('')}no line endNext Step\na needle\n`,
    )
    const whole = await allLines(uuid, 5000)
    expect(await allLines(uuid, 7)).toEqual(whole)
    expect(whole.get(1001)).toBe('no line end')
    expect([whole.get(1002), whole.get(1003)]).toEqual(['Next Step', 'a needle'])
    const found = await search(uuid, { q: '99' })
    expect(found.isCut).toBe(false)
    expect(found.items.map(({ line }) => line)).toEqual(
      [...whole].filter(([, text]) => text.includes('99')).map(([line]) => line),
    )
    const cut = await search(uuid, { q: '99', limit: 3 })
    expect(cut).toMatchObject({ isCut: true, items: [{ line: 99 }, { line: 199 }, { line: 299 }] })
    const rest = await search(uuid, { q: '99', cursor: cut.nextCursor ?? '' })
    expect([...cut.items, ...rest.items]).toEqual(found.items)
    expect((await search(uuid, { q: 'NEXT step', caseSensitive: 'true' })).items).toEqual([])
    expect((await search(uuid, { q: 'NEXT step' })).items).toHaveLength(1)
    expect((await search(uuid, { q: 'needle' })).items[0]?.stream).toBe('stderr')
    const part = await page(uuid, { fromLine: 500, limit: 2 })
    expect(part.items.map(({ line, text }) => [line, text])).toEqual([
      [500, '500'],
      [501, '501'],
    ])
    expect(part.nextLine).toBe(502)
  })

  test('output can be read while the step runs', async () => {
    const started = await fleet.start(['echo early; sleep 300'])
    await until(async () => (await fleet.text(started.uuid)) === 'early\n')
    const now = await page(started.uuid)
    expect(now).toMatchObject({ isComplete: false, totalLines: 1, nextLine: null })
    await fleet.admin(api.executions.cancel, { params: { ref: started.uuid } })
    await fleet.ended(started)
    expect((await page(started.uuid)).isComplete).toBe(true)
  })

  test('what is beyond the limit of a step is not stored, and the output says so', async () => {
    const { uuid, status } = await fleet.run([`yes $(printf %099d 0) | head -c 14000000`, 'echo next'])
    expect(status).toBe('completed')
    const [first, second] = await fleet.steps(uuid)
    expect(first).toMatchObject({ isOutputTruncated: true, outputBytes: 12 * 1024 * 1024 })
    expect(second).toMatchObject({ isOutputTruncated: false, outputBytes: 5 })
    const notice = await search(uuid, { q: 'longer than 12 MB' })
    expect(notice.items[0]?.stream).toBe('notice')
    // the very last bytes may have been the beginning of a secret
    const missing = 12 * 1024 * 1024 + 5 - (await fleet.raw(uuid)).length
    expect([missing >= 0, missing < 100]).toEqual([true, true])
  })
})
