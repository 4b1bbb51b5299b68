import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CancelledError, download, downloadFile, psrp, RemoteFileError, upload, uploadFile } from '../../src/index.ts'
import { startWindows, type Windows } from '../../testing/index.ts'
import { connectTo } from '../client.ts'

/** Bytes that do not repeat soon, always the same. */
const bytes = (size: number) => {
  const made = Buffer.alloc(size)
  for (let at = 0; at < size; at++) made[at] = (at * 2_654_435_761) >>> 24
  return made
}
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex')

const leftOver = (windows: Windows) => readdirSync(windows.home).filter((name) => name.endsWith('.part'))

describe.each(['winrs', 'psrp'])('copying a file over %s', (transport) => {
  const open = async (windows: Windows) => {
    const client = await connectTo(windows)
    const through = transport === 'psrp' ? psrp(client) : client
    return {
      through,
      [Symbol.asyncDispose]: async () => {
        if (through !== client) await through.close()
        await client.close()
      },
    }
  }

  test.each([0, 1, 84_093, 84_094, 285_694, 1_000_003, 5_000_000])('of %i bytes there and back', async (size) => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const content = bytes(size)
    const path = join(windows.home, "it's a file.bin")
    const sent = await upload(copier.through, content, path)
    expect(sent).toEqual({ sizeBytes: size, sha256: sha256(content) })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(leftOver(windows)).toEqual([])

    const local = join(windows.home, 'back.bin')
    const seen: number[] = []
    const got = await downloadFile(copier.through, path, local, { onProgress: (done) => seen.push(done) })
    expect(got).toEqual(sent)
    expect(readFileSync(local).equals(content)).toBe(true)
    expect(seen.at(-1) ?? 0).toBe(size)
  })

  test('works with the envelope of the oldest Windows, too', async () => {
    await using windows = await startWindows({ maxEnvelopeKilobytes: 150 })
    await using copier = await open(windows)
    const content = bytes(1_000_000)
    await upload(copier.through, content, join(windows.home, 'x'))
    expect(readFileSync(join(windows.home, 'x')).equals(content)).toBe(true)
  })

  test('reports its progress and replaces what was there, read-only or not', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const path = join(windows.home, 'there')
    writeFileSync(path, 'before')
    chmodSync(path, 0o444)
    const local = join(windows.home, 'local')
    writeFileSync(local, bytes(2_000_000))
    const seen: number[] = []
    await uploadFile(copier.through, local, path, { onProgress: (done) => seen.push(done) })
    expect(seen.length).toBeGreaterThan(3)
    expect(seen.at(-1)).toBe(2_000_000)
    expect(readFileSync(path)).toEqual(readFileSync(local))
  })

  test('keeps little of it in memory', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const block = Buffer.alloc(1_000_000, 7)
    const many = async function* () {
      for (let n = 0; n < 20; n++) yield block
    }
    const path = join(windows.home, 'large')
    await upload(copier.through, many(), path)
    // Windows takes no more than 50 MB for one command of a runspace, so it goes in parts
    const commands = windows.asked.filter((name) => name === 'Command').length
    expect(commands).toBe(transport === 'psrp' ? 2 : 1)
    global.gc?.()
    let most = 0
    let size = 0
    for await (const data of download(copier.through, path)) {
      size += data.length
      most = Math.max(most, data.length)
    }
    expect(size).toBe(20_000_000)
    expect(most).toBeLessThan(1_000_000)
  })

  test('that is not there says so in PowerShell’s words', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const read = downloadFile(copier.through, join(windows.home, 'missing'), join(windows.home, 'local'))
    await expect(read).rejects.toThrow(RemoteFileError)
    await expect(read).rejects.toThrow(/no such file/)
    expect(readdirSync(windows.home)).toEqual([])
  })

  test('to where a folder is fails early, whatever is still to come', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    mkdirSync(join(windows.home, 'folder'))
    const endless = async function* () {
      for (;;) yield bytes(100_000)
    }
    await expect(upload(copier.through, endless(), join(windows.home, 'folder'))).rejects.toThrow(/is a folder/)
  })

  test('that is cancelled leaves nothing behind, there or here', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const cancelling = new AbortController()
    const path = join(windows.home, 'never')
    const options = { signal: cancelling.signal, onProgress: (done: number) => done > 500_000 && cancelling.abort() }
    const endless = async function* () {
      for (;;) yield bytes(100_000)
    }
    await expect(upload(copier.through, endless(), path, options)).rejects.toThrow(CancelledError)
    expect(existsSync(path)).toBe(false)
    expect(leftOver(windows)).toEqual([])
  })

  test('does not end with another one, begun before it, that is cancelled at once', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const cancelling = new AbortController()
    const first = upload(copier.through, bytes(10), join(windows.home, 'first'), { signal: cancelling.signal })
    const second = upload(copier.through, bytes(10), join(windows.home, 'second'))
    cancelling.abort()
    await expect(first).rejects.toThrow(CancelledError)
    expect(await second).toMatchObject({ sizeBytes: 10 })
  })

  test('whose reader stops early ends on the server, too', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    writeFileSync(join(windows.home, 'large'), bytes(3_000_000))
    for await (const data of download(copier.through, join(windows.home, 'large'))) {
      expect(data.length).toBeGreaterThan(0)
      break
    }
    expect(windows.asked).toContain('Signal')
  })

  test('that fails at its source leaves nothing behind', async () => {
    await using windows = await startWindows()
    await using copier = await open(windows)
    const failing = async function* () {
      yield bytes(10)
      throw new Error('the source failed')
    }
    await expect(upload(copier.through, failing(), join(windows.home, 'never'))).rejects.toThrow('the source failed')
    expect(readdirSync(windows.home)).toEqual([])
  })
})
