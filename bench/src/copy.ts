/** Files to and from a target, beside scp with the same algorithms. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyDown, copyUp } from '@opsconductor/transports'
import type { Sshd } from '@opsconductor/transports/testing'
import { printHead, printTimes } from './figures.ts'
import { sayGoal } from './report/goal.ts'
import { median } from './report/median.ts'
import { newWire, opensshOptions, requestTo, ROUNDS, run, signal, timed, withSshd } from './ssh.ts'

const copyFiles = async (sshd: Sshd, folder: string): Promise<void> => {
  printHead('100 MB to and from the target, hash and rename included, ms')
  const source = join(folder, 'source')
  writeFileSync(source, randomBytes(100_000_000))
  const small = join(folder, 'small')
  execFileSync('mkdir', [small])
  for (let index = 0; index < 200; index++) writeFileSync(join(small, `file ${index}`), randomBytes(2_000))
  await using wire = newWire()
  const options = opensshOptions(sshd, folder)
  const shells = { ssh2: 'ssh2', openssh: 'openssh' } as const
  const times: Record<string, number[]> = {}
  const measure = async (name: string, work: () => Promise<unknown>) => (times[name] ??= []).push(await timed(work))
  for (let round = 0; round < ROUNDS; round++) {
    for (const client of Object.values(shells)) {
      await using shell = await wire.connect(requestTo(sshd, 'copy', client))
      const there = join(folder, 'there')
      await measure(`${client} up`, () => copyUp(shell, { here: source, there, signal }))
      await measure(`${client} down`, () => copyDown(shell, { here: join(folder, 'back'), there, signal }))
      await measure(`${client} up, a folder of 200 files`, () =>
        copyUp(shell, { here: small, there: join(folder, `small there ${round}`), signal }),
      )
    }
    await measure('scp up', () => run('scp', ['-q', ...options, source, `${sshd.host}:${folder}/scp`]))
    await measure('scp down', () => run('scp', ['-q', ...options, `${sshd.host}:${folder}/scp`, join(folder, 'back')]))
    await measure('scp up, a folder of 200 files', () =>
      run('scp', ['-qr', ...options, small, `${sshd.host}:${join(folder, `small scp ${round}`)}`]),
    )
  }
  for (const [name, taken] of Object.entries(times)) printTimes(name, taken)
  for (const way of ['up', 'down']) {
    const value = median(times[`ssh2 ${way}`] ?? []) / median(times[`scp ${way}`] ?? [])
    sayGoal({ what: `100 MB ${way} ÷ scp, hash and rename included`, value, atMost: 1.5 })
  }
}

export const measureCopy = (): Promise<void> => withSshd(copyFiles)
