import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { startChild } from '../src/local/child-program.ts'
import { endOfClosed, type Program, type StartProgram } from '../src/posix/program.ts'
import { createPosixShell } from '../src/posix/shell.ts'
import { collect, follow, until } from '../testing/index.ts'

const home = mkdtempSync(join(tmpdir(), 'opsconductor-reader-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const { signal } = new AbortController()

const environment = { PATH: process.env.PATH ?? '', HOME: home, LOGNAME: 'reader' }
const startHere: StartProgram = (commandLine) => startChild(commandLine, { environment, directory: home })
const shellOver = (start: StartProgram) =>
  createPosixShell({
    start,
    startUrgent: startHere,
    habits: { launcher: 'setsid' },
    lingerMs: 200,
    directory: home,
    giveBack: () => {},
  })

test('output that came while this process stood still is read before it is believed that none comes', async () => {
  const run = await collect(shellOver(startHere), '(sleep 0.15; echo late) & echo now; exit 3', {
    onOutput: (_, bytes) => {
      if (!Buffer.from(bytes).includes('now')) return
      // as a process that is stopped, or has too much to do
      setTimeout(() => {
        for (const until = performance.now() + 700; performance.now() < until;);
      }, 50)
    },
  })
  expect(run.stdout).toBe('now\nlate\n')
})

/** Loses what follows `mark` on the standard output. */
const cutBehind = (program: Program, mark: string): Program => {
  const stdout = new PassThrough()
  let seen = ''
  program.stdout.on('data', (bytes: Buffer) => {
    const isCut = seen.includes(mark)
    seen += bytes.toString('latin1')
    const end = seen.indexOf(mark) + mark.length
    if (!isCut) stdout.write(end < mark.length ? bytes : bytes.subarray(0, bytes.length - (seen.length - end)))
  })
  program.stdout.on('end', () => stdout.end())
  return { ...program, stdout }
}

test('an answer that breaks off in the middle of the state is asked for again', async () => {
  let cuts = 0
  const shell = shellOver(async (...request) => {
    const program = await startHere(...request)
    // the first question behind the start loses its answer behind the exit code
    return cuts++ === 1 ? cutBehind(program, 'ended exited 7') : program
  })
  await shell.detach({ id: 'one', script: 'for i in 1 2 3 4 5; do echo line $i; done; exit 7', signal })
  const observer = shellOver(startHere)
  await until(async () => (await observer.burn({ id: 'one' })).kind === 'ended')
  const { end, stdout } = await follow(shell, 'one')
  expect(end).toEqual({ kind: 'exited', exitCode: 7 })
  expect(stdout.toString()).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n')
  expect(cuts).toBeGreaterThan(2)
})

test('an exit code behind which the connection was lost says that output may be missing', () => {
  expect(endOfClosed({ exitCode: 0 }, 'it broke')).toEqual({ exitCode: 0, isOutputCut: true })
  expect(endOfClosed({ exitCode: 0 }, undefined)).toEqual({ exitCode: 0 })
  expect(endOfClosed(undefined, 'it broke')).toEqual({ lost: 'it broke' })
})
