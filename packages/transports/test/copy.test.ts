import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyDown, copyUp, createLocalWire, createSshWire, type CopyProgress, type Shell } from '../src/index.ts'
import { createCksum } from '../src/copy/cksum.ts'
import { collect, findProgram, sshdAvailable, startSshd, trustOnly } from '../testing/index.ts'

const signal = new AbortController().signal
let here: string
let there: string
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'opsconductor-here-'))
  there = mkdtempSync(join(tmpdir(), 'opsconductor-there-'))
})
afterEach(() => {
  execFileSync('chmod', ['-R', 'u+w', here, there]) // one of the folders takes no changes
  for (const folder of [here, there]) rmSync(folder, { recursive: true, force: true })
})

const withShell = async (use: (shell: Shell) => Promise<void>, environment?: Record<string, string>): Promise<void> => {
  const wire = createLocalWire({
    directory: there,
    lingerMs: 200,
    ...(environment === undefined ? {} : { environment }),
  })
  await using shell = await wire.connect({ signal })
  await use(shell)
}

/** What is below a folder, as one can compare it: names in hex, kinds, modes, contents. */
const treeOf = (folder: string): string =>
  execFileSync(
    'sh',
    [
      '-c',
      `cd "$0"; find . -printf '%P|%y|%m|%l\\0' | sort -z | od -An -tx1; find . -type f -print0 | sort -z | xargs -0 sha256sum -z | od -An -tx1`,
      folder,
    ],
    { encoding: 'utf8' },
  )

const oddNames = [
  'plain.txt',
  'with blanks  and	tab',
  `it's "quoted" $(id) \`id\` \\ * ? [a]`,
  '-rf',
  '.hidden',
  'line\nbreak\n',
  'é✓😀',
  '%s %d\\n',
]

/** A folder with names, modes and links of all kinds. */
const makeTree = (root: string): void => {
  mkdirSync(join(root, 'deep/er'), { recursive: true })
  for (const [index, name] of oddNames.entries()) writeFileSync(join(root, 'deep', name), `content ${index}\n`)
  writeFileSync(
    Buffer.concat([Buffer.from(join(root, 'deep/er/')), Buffer.from([0x66, 0xff, 0xfe, 0x0a, 0x25])]),
    'no UTF-8',
  )
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'program'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(root, 'secret'), 'x', { mode: 0o600 })
  writeFileSync(join(root, 'large'), randomBytes(3_000_001))
  mkdirSync(join(root, 'locked'), { mode: 0o700 })
  writeFileSync(join(root, 'locked/inside'), 'y')
  chmodSync(join(root, 'locked'), 0o500)
  symlinkSync('deep/plain.txt', join(root, 'link'))
  symlinkSync('/nowhere/at/all', join(root, 'broken'))
  symlinkSync('-dash', join(root, 'dashing'))
  symlinkSync('deep', join(root, 'to-folder'))
}

describe('a folder', () => {
  test('arrives with all names, contents, modes and links, and comes back as it was', () =>
    withShell(async (shell) => {
      makeTree(here)
      const up = await copyUp(shell, { here, there: join(there, 'new/place'), signal })
      expect(up).toMatchObject({
        kind: 'copied',
        files: oddNames.length + 6,
        links: 4,
        verifiedBy: 'sha256',
        skipped: [],
      })
      expect(treeOf(join(there, 'new/place'))).toBe(treeOf(here))
      const back = join(there, 'back')
      const down = await copyDown(shell, { here: back, there: join(there, 'new/place'), signal })
      expect(down).toMatchObject({ kind: 'copied', files: oddNames.length + 6, links: 4 })
      expect(treeOf(back)).toBe(treeOf(here))
    }))

  test('of many small files goes in few commands, also to a relative place', () =>
    withShell(async (shell) => {
      for (let index = 0; index < 250; index++)
        writeFileSync(join(here, `${index} of -many\n`), randomBytes(index * 10), { mode: index % 2 ? 0o640 : 0o600 })
      let commands = 0
      const counted: Shell = { ...shell, run: (command) => (commands++, shell.run(command)) }
      const up = await copyUp(counted, { here, there: 'new', signal })
      expect(up).toMatchObject({ kind: 'copied', files: 250 })
      expect(treeOf(join(there, 'new'))).toBe(treeOf(here))
      const back = join(here, 'back')
      const down = await copyDown(counted, { here: back, there: 'new', signal })
      expect(down).toMatchObject({ kind: 'copied', files: 250 })
      expect(treeOf(back)).toBe(treeOf(join(there, 'new')))
      expect(commands).toBeLessThan(20)
    }))

  test('is copied again over what is there, and keeps what is there besides', () =>
    withShell(async (shell) => {
      makeTree(here)
      await copyUp(shell, { here, there, signal })
      writeFileSync(join(there, 'other'), 'mine')
      chmodSync(join(there, 'locked'), 0o700) // whoever is not root writes nothing into it
      writeFileSync(join(here, 'secret'), 'changed')
      expect(await copyUp(shell, { here, there, signal })).toMatchObject({ kind: 'copied' })
      expect(readFileSync(join(there, 'secret'), 'utf8')).toBe('changed')
      expect(readFileSync(join(there, 'other'), 'utf8')).toBe('mine')
      expect(readdirSync(there).filter((name) => name.startsWith('.oc-copy'))).toEqual([])
    }))

  test('may have its links followed or left out', () =>
    withShell(async (shell) => {
      makeTree(here)
      expect(await copyUp(shell, { here, there, symlinks: 'follow', signal })).toMatchObject({
        kind: 'copied',
        links: 0,
        skipped: [{ path: 'broken' }, { path: 'dashing' }],
      })
      expect(readFileSync(join(there, 'to-folder/plain.txt'), 'utf8')).toBe('content 0\n')
      const left = await copyDown(shell, { here: join(here, 'back'), there: here, symlinks: 'skip', signal })
      expect(left).toMatchObject({ kind: 'copied', links: 0 })
      expect(left.kind === 'copied' && left.skipped.map(({ path }) => path).toSorted()).toEqual([
        'broken',
        'dashing',
        'link',
        'to-folder',
      ])
    }))

  test('says what it cannot copy: a pipe', () =>
    withShell(async (shell) => {
      execFileSync('mkfifo', [join(here, 'pipe')])
      const skipped = [{ path: 'pipe', reason: expect.any(String) }]
      expect(await copyUp(shell, { here, there, signal })).toMatchObject({ skipped, files: 0 })
      expect(await copyDown(shell, { here: join(there, 'x'), there: here, signal })).toMatchObject({
        skipped,
        files: 0,
      })
    }))

  test('with links leading out is not written through them', () =>
    withShell(async (shell) => {
      mkdirSync(join(there, 'source/sub'), { recursive: true })
      writeFileSync(join(there, 'source/sub/file'), 'evil')
      const elsewhere = join(there, 'elsewhere')
      mkdirSync(elsewhere)
      symlinkSync(elsewhere, join(here, 'sub'))
      expect(await copyDown(shell, { here, there: join(there, 'source'), signal })).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('no folder'),
      })
      expect(readdirSync(elsewhere)).toEqual([])
    }))

  test('goes to a target that has neither GNU find nor a SHA-256', async () => {
    const tools = [
      'sh',
      'cat',
      'find',
      'ls',
      'awk',
      'chmod',
      'mv',
      'rm',
      'mkdir',
      'ln',
      'cksum',
      'readlink',
      'ps',
      'kill',
    ]
    const bin = mkdtempSync(join(tmpdir(), 'opsconductor-bin-'))
    for (const tool of tools) {
      const found = (process.env.PATH ?? '')
        .split(delimiter)
        .map((folder) => join(folder, tool))
        .find(existsSync)
      if (found !== undefined && tool !== 'find') symlinkSync(found, join(bin, tool))
    }
    // a find that knows what POSIX knows
    writeFileSync(join(bin, 'find'), '#!/bin/sh\ncase "$*" in *-printf*) exit 1 ;; esac\nexec /usr/bin/find "$@"\n', {
      mode: 0o755,
    })
    await withShell(
      async (shell) => {
        makeTree(here)
        expect(await copyUp(shell, { here, there, signal })).toMatchObject({ kind: 'copied', verifiedBy: 'cksum' })
        expect(treeOf(there)).toBe(treeOf(here))
        const back = join(here, 'back')
        expect(await copyDown(shell, { here: back, there, signal })).toMatchObject({
          kind: 'copied',
          verifiedBy: 'cksum',
        })
        expect(treeOf(back)).toBe(treeOf(there))
      },
      { PATH: bin, HOME: there },
    )
    rmSync(bin, { recursive: true })
  })
})

describe('a file', () => {
  test.each([0, 1, 1_048_576, 1_048_577, 20_000_000])(
    'of %i bytes arrives and comes back, and its SHA-256 is told',
    (size) =>
      withShell(async (shell) => {
        const bytes = randomBytes(size)
        writeFileSync(join(here, 'file'), bytes, { mode: 0o640 })
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const told: CopyProgress[] = []
        const request = {
          here: join(here, 'file'),
          there: 'file',
          signal,
          onProgress: (one: CopyProgress) => void told.push(one),
        }
        expect(await copyUp(shell, request)).toMatchObject({ kind: 'copied', files: 1, sizeBytes: size, sha256 })
        expect(told.at(-1)).toMatchObject({ doneBytes: size, totalBytes: size, doneFiles: 1, totalFiles: 1 })
        expect(statSync(join(there, 'file')).mode & 0o777).toBe(0o640)
        expect(await copyDown(shell, { here: join(here, 'back'), there: 'file', signal })).toMatchObject({ sha256 })
        expect(readFileSync(join(here, 'back')).equals(bytes)).toBe(true)
        expect(statSync(join(here, 'back')).mode & 0o777).toBe(0o640)
      }),
  )

  test('takes the place of a link, and leaves alone what that led to', () =>
    withShell(async (shell) => {
      writeFileSync(join(there, 'original'), 'original')
      symlinkSync('original', join(there, 'link'))
      writeFileSync(join(here, 'file'), 'new')
      await copyUp(shell, { here: join(here, 'file'), there: 'link', mode: 0o604, signal })
      expect(readFileSync(join(there, 'original'), 'utf8')).toBe('original')
      expect(readFileSync(join(there, 'link'), 'utf8')).toBe('new')
      expect(statSync(join(there, 'link')).mode & 0o777).toBe(0o604)
    }))

  test.each([
    ['to a folder that is not there', 'no/such/folder/file', /such|exist|create/i],
    ['in place of a folder', '.', /folder/],
  ])('%s fails with a reason, and leaves nothing behind', (_name, place, reason) =>
    withShell(async (shell) => {
      writeFileSync(join(here, 'file'), 'x')
      const failed = { kind: 'failed', reason: expect.stringMatching(reason) }
      expect(await copyUp(shell, { here: join(here, 'file'), there: place, signal })).toMatchObject(failed)
      expect(readdirSync(there)).toEqual([])
    }),
  )

  test('that is not there is said to be so, on either side', () =>
    withShell(async (shell) => {
      expect(await copyUp(shell, { here: join(here, 'no'), there: 'x', signal })).toMatchObject({ kind: 'failed' })
      expect(await copyDown(shell, { here: join(here, 'x'), there: 'no', signal })).toMatchObject({ kind: 'failed' })
    }))

  test('that grows while it is copied is not put in its place', () =>
    withShell(async (shell) => {
      const path = join(here, 'growing')
      writeFileSync(path, Buffer.alloc(8_000_000))
      let isGrown = false
      const result = await copyUp(shell, {
        here: path,
        there: 'growing',
        signal,
        onProgress: ({ doneBytes }) => {
          if (isGrown || doneBytes < 1_000_000) return
          isGrown = true
          writeFileSync(path, Buffer.alloc(1_000))
        },
      })
      expect(result).toMatchObject({ kind: 'failed', reason: expect.stringContaining('changed') })
      expect(readdirSync(there)).toEqual([])
    }))

  test.each(['up', 'down'])('can be stopped on its way %s, and leaves nothing behind', (way) =>
    withShell(async (shell) => {
      writeFileSync(join(way === 'up' ? here : there, 'file'), Buffer.alloc(60_000_000))
      const cancel = new AbortController()
      const request = {
        here: join(here, 'file'),
        there: 'file',
        signal: cancel.signal,
        onProgress: ({ doneBytes }: CopyProgress) => void (doneBytes > 5_000_000 && cancel.abort()),
      }
      expect(await (way === 'up' ? copyUp(shell, request) : copyDown(shell, request))).toEqual({
        kind: 'stopped',
        because: 'cancelled',
        outcome: 'stopped',
        pids: [],
      })
      expect(readdirSync(way === 'up' ? there : here)).toEqual([])
      const late = { ...request, signal, timeoutMs: 1 }
      expect(await (way === 'up' ? copyUp(shell, late) : copyDown(shell, late))).toEqual({
        kind: 'stopped',
        because: 'timeout',
        outcome: 'stopped',
        pids: [],
      })
    }),
  )
})

test('the checksum is that of cksum', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('123456789'), randomBytes(100_000)]) {
    const cksum = createCksum()
    cksum.update(bytes.subarray(0, 5))
    cksum.update(bytes.subarray(5))
    expect(execFileSync('cksum', { input: bytes, encoding: 'utf8' }).trim()).toBe(cksum.digest())
  }
})

test('a text that is no file here is put there as one, with its permissions and its owner', async () => {
  await withShell(async (shell) => {
    const content = Buffer.from("it's $HOME\n".repeat(200_000)) // more than goes in one piece
    const to = join(there, 'written')
    const { uid, gid } = statSync(there)
    const result = await copyUp(shell, { content, there: to, mode: 0o640, owner: `${uid}:${gid}`, signal })
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(result).toMatchObject({ kind: 'copied', files: 1, sizeBytes: content.length, sha256 })
    expect(readFileSync(to).equals(content)).toBe(true)
    expect(statSync(to).mode & 0o777).toBe(0o640)
    const unowned = await copyUp(shell, { content, there: to, owner: 'nobody-of-this-name', signal })
    expect(unowned).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/nobody-of-this-name/) })
    expect(readdirSync(there)).toEqual(['written'])
  })
})

describe.skipIf(!sshdAvailable('copying over SSH'))('over SSH', () => {
  test.each(findProgram('ssh') === undefined ? (['ssh2'] as const) : (['ssh2', 'openssh'] as const))(
    '%s copies a folder both ways, in bounded memory, and notices a cut',
    async (client) => {
      await using sshd = await startSshd()
      await using wire = createSshWire({ openssh: { configFile: 'none' } })
      const { address, login } = sshd
      const trust = trustOnly(sshd.hostKey())
      await using shell = await wire.connect({ address, login, trust, poolKey: 'one', signal, client })
      makeTree(here)
      writeFileSync(join(here, 'huge'), Buffer.alloc(120_000_000, 'abc'))
      const before = process.memoryUsage().arrayBuffers
      let most = 0
      const onProgress = () => void (most = Math.max(most, process.memoryUsage().arrayBuffers - before))
      expect(await copyUp(shell, { here, there, signal, onProgress })).toMatchObject({ kind: 'copied' })
      expect(treeOf(there)).toBe(treeOf(here))
      const back = join(here, 'back')
      expect(await copyDown(shell, { here: back, there, signal, onProgress })).toMatchObject({ kind: 'copied' })
      expect(treeOf(back)).toBe(treeOf(there))
      expect(most).toBeLessThan(60_000_000)
      rmSync(join(there, 'huge'))
      const cut = copyUp(shell, {
        here: join(here, 'huge'),
        there: join(there, 'huge'),
        signal,
        onProgress: ({ doneBytes }) => void (doneBytes > 20_000_000 && sshd.dropConnections()),
      })
      expect(await cut).toMatchObject({ kind: 'unknown' })
      expect(existsSync(join(there, 'huge'))).toBe(false)
      // what receives it on the target finds that the end came too early
      await expect.poll(() => readdirSync(there).filter((name) => name.startsWith('.oc-copy'))).toEqual([])
      expect((await collect(shell, 'exit 3')).exit).toMatchObject({ exitCode: 3 })
      expect(readlinkSync(join(there, 'link'))).toBe('deep/plain.txt')
    },
  )
})
