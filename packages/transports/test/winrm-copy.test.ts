import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  copyFileDown,
  copyFileUp,
  createWinrmWire,
  type CopyProgress,
  type GuardedShell,
  type TargetFiles,
} from '../src/index.ts'
import { startWindows, type WindowsMachine } from '../testing/index.ts'

const signal = new AbortController().signal
const bytes = Buffer.alloc(1_000_003, 'no block is like another one, ')
const sha256 = createHash('sha256').update(bytes).digest('hex')

const filesOf = ({ files }: GuardedShell): TargetFiles => {
  if (files === undefined) throw new Error('This shell takes no files.')
  return files
}

const startOver = async (transport: 'winrs' | 'psrp', options: WindowsMachine) => {
  const windows = await startWindows(options)
  const wire = createWinrmWire({ connectTimeoutMs: 5_000, stopMs: 1_000, reconnectMs: 1_000 })
  const shell = await wire.connect({
    address: { host: windows.host, port: windows.port },
    isHttps: false,
    login: { kind: 'ntlm', username: 'anna', password: 'Pa$$wörd' },
    transport,
    trust: { kind: 'authority' },
    poolKey: 'one',
    signal,
  })
  return {
    home: windows.home,
    files: filesOf(shell),
    [Symbol.asyncDispose]: async () => {
      await shell[Symbol.asyncDispose]()
      await wire.close()
      await windows.close()
    },
  }
}

describe.each(['winrs', 'psrp'] as const)('a file over %s', (transport) => {
  const start = (options: WindowsMachine = {}) => startOver(transport, options)
  const here = mkdtempSync(join(tmpdir(), 'winrm-copy-'))
  beforeAll(() => writeFileSync(join(here, 'sent'), bytes))
  afterAll(() => rmSync(here, { recursive: true }))
  const partsIn = (folder: string) => readdirSync(folder).filter((name) => /\.part$|^\.oc-copy-/.test(name))

  test('goes up and comes down, compared by its SHA-256, with its progress', async () => {
    await using house = await start()
    const there = join(house.home, 'a file')
    const up: CopyProgress[] = []
    const sent = await copyFileUp(house.files, {
      here: join(here, 'sent'),
      there,
      signal,
      onProgress: (seen) => up.push(seen),
    })
    expect(sent).toMatchObject({ kind: 'copied', files: 1, sizeBytes: bytes.length, verifiedBy: 'sha256', sha256 })
    expect(readFileSync(there).equals(bytes)).toBe(true)
    expect(up.at(-1)).toMatchObject({ path: there, doneBytes: bytes.length, totalBytes: bytes.length })
    const down: CopyProgress[] = []
    const got = await copyFileDown(house.files, {
      here: join(here, 'got'),
      there,
      signal,
      onProgress: (seen) => down.push(seen),
    })
    expect(got).toEqual(sent)
    expect(readFileSync(join(here, 'got')).equals(bytes)).toBe(true)
    expect(statSync(join(here, 'got')).mode & 0o777).toBe(0o600)
    expect(down.at(-1)).toMatchObject({ doneBytes: bytes.length, totalBytes: undefined })
    expect([...partsIn(here), ...partsIn(house.home)]).toEqual([])
  })

  test('may be a text, also an empty one, and replaces what is there', async () => {
    await using house = await start()
    const there = join(house.home, 'text')
    for (const text of ['grün\r\n', '']) {
      const sent = await copyFileUp(house.files, { content: Buffer.from(text), there, signal })
      expect(sent).toMatchObject({ kind: 'copied', sizeBytes: Buffer.byteLength(text) })
      expect(readFileSync(there, 'utf8')).toBe(text)
    }
  })

  test('that one side refuses says which, and leaves nothing in part', async () => {
    await using house = await start()
    mkdirSync(join(house.home, 'folder'))
    const from = join(here, 'sent')
    const up = (source: string, there: string) => copyFileUp(house.files, { here: source, there, signal })
    expect(await up(from, join(house.home, 'folder'))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('is a folder'),
    })
    expect(await up(here, join(house.home, 'x'))).toMatchObject({ kind: 'failed', path: here })
    expect(await up(join(here, 'none'), join(house.home, 'x'))).toMatchObject({ kind: 'failed' })
    const down = (to: string, there: string) => copyFileDown(house.files, { here: to, there, signal })
    expect(await down(join(here, 'none'), join(house.home, 'none'))).toMatchObject({ kind: 'failed' })
    expect(await down(here, join(house.home, 'none'))).toMatchObject({ kind: 'failed', path: here })
    expect(existsSync(join(house.home, 'x'))).toBe(false)
    expect([...partsIn(here), ...partsIn(house.home)]).toEqual([])
  })

  test('ends with a cancel and with its time, and leaves nothing there', async () => {
    await using house = await start()
    const there = join(house.home, 'never')
    const source = join(here, 'sent')
    const cancel = new AbortController()
    const cancelled = await copyFileUp(house.files, {
      here: source,
      there,
      signal: cancel.signal,
      onProgress: () => cancel.abort(),
    })
    expect(cancelled).toEqual({ kind: 'stopped', because: 'cancelled', outcome: 'stopped', pids: [] })
    const late = await copyFileUp(house.files, { here: source, there, signal, timeoutMs: 1 })
    expect(late).toEqual({ kind: 'stopped', because: 'timeout', outcome: 'stopped', pids: [] })
    expect(existsSync(there)).toBe(false)
    expect(partsIn(house.home)).toEqual([])
  })

  test('whose source fails is taken away, and the failure is the caller’s', async () => {
    await using house = await start()
    const failing = async function* () {
      yield bytes
      throw new Error('no lease')
    }
    const write = house.files.write(join(house.home, 'never'), failing(), { signal, onBytes: () => {} })
    await expect(write).rejects.toThrow('no lease')
    expect(readdirSync(house.home)).toEqual([])
  })

  test('whose connection breaks for good ends in a way nobody knows', async () => {
    let isGone = false
    await using house = await start({ intercept: () => (isGone ? 'cut' : undefined) })
    const there = join(house.home, 'x')
    const lost = await copyFileUp(house.files, {
      here: join(here, 'sent'),
      there,
      signal,
      onProgress: () => (isGone = true),
    })
    expect(lost).toMatchObject({ kind: 'unknown', path: there })
  })

  test('that cannot even begin is a fault of the wire', async () => {
    let isGone = false
    await using house = await start({ intercept: () => (isGone ? 'cut' : undefined) })
    isGone = true
    const sending = copyFileUp(house.files, { here: join(here, 'sent'), there: join(house.home, 'x'), signal })
    await expect(sending).rejects.toMatchObject({ fault: 'unreachable' })
  })
})
