import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { killText } from '../src/posix/group.ts'
import { stopGroup } from '../src/posix/stop.ts'

const never = new Promise<void>(() => {})

/** A target that answers from a list of looks, the last one again and again. */
const target = (looks: number[][]) => {
  const signals: string[] = []
  let look = 0
  return {
    signals,
    signal: async (_group: number, signal: 'TERM' | 'KILL') => void signals.push(signal),
    alive: async () => looks[Math.min(look++, looks.length - 1)] ?? [],
  }
}

test('what ends at TERM gets no KILL', async () => {
  const control = target([[7], [7], []])
  expect(await stopGroup(control, 7, 'cancelled', 1_000, never)).toEqual({
    kind: 'stopped',
    because: 'cancelled',
    outcome: 'stopped',
    pids: [],
  })
  expect(control.signals).toEqual(['TERM'])
})

test('what does not even end at KILL is reported as still running', async () => {
  const control = target([[7, 9]])
  expect(await stopGroup(control, 7, 'timeout', 10, never)).toEqual({
    kind: 'stopped',
    because: 'timeout',
    outcome: 'still_running',
    pids: [7, 9],
  })
  expect(control.signals).toEqual(['TERM', 'KILL', 'KILL'])
})

test('a target that cannot be asked leaves the outcome unconfirmed', async () => {
  const control = { signal: async () => {}, alive: async () => Promise.reject(new Error('no answer')) }
  expect(await stopGroup(control, 7, 'cancelled', 10, never)).toMatchObject({ outcome: 'unconfirmed', pids: [] })
})

test('a group is never given to a kill(1) that would take its first digit for all of it', () => {
  const signalled = (found: string): string =>
    spawnSync(
      '/bin/sh',
      ['-c', `command() { echo ${found}; }\nkill() { echo "$@"; }\n${killText}\noc_kill TERM 1234`],
      {
        encoding: 'utf8',
      },
    ).stdout
  expect(signalled('/usr/bin/kill')).toBe('-s TERM -- -1234\n')
  expect(signalled('kill')).toBe('-TERM -1234\n') // built in
})
